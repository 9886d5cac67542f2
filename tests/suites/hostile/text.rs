//! Attacks by text: it is data, whatever is in it, and a terminal obeys none of it.

use std::fs;
use std::time::Duration;

use cofferdam::operation::event::Event;
use cofferdam::plugin::Sandbox;
use cofferdam::plugin::about::{About, Setting};
use cofferdam_tests::cofferdam::Cofferdam;
use wit_component::StringEncoding;

use crate::component::{about, described, fixture, of, of_module};
use crate::host::{LIMITS, admitted, assert_ends, nowhere, operation};

/// Clears the screen, sets the title, turns red (in one character and in two), writes backwards, hides, ends the line.
const HARMFUL: &str = "a\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{e0041}\r\nerror: fake";

const BOUND: Duration = Duration::from_secs(60);

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{e0000}'..='\u{e007f}')
}

/// In a string of WebAssembly's text format.
fn quoted(text: &str) -> String {
    text.bytes().map(|byte| format!("\\{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_end_the_plugin_that_sends_them() {
    assert_ends(of("no_text"), "utf-8").await;
    assert_ends(of("beyond_memory"), "out of bounds").await;
    assert_ends(of("no_such_level"), "unexpected discriminant: 77").await;
    let lone = of_module(&fixture("lone_surrogate"), StringEncoding::UTF16);
    assert_ends(lone, "unpaired surrogate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_logs_and_of_progress_is_cut() {
    let (context, heard) = operation();
    let plugin = admitted(of("log_without_end")).unwrap();
    let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await.unwrap();
    let error = sandbox.inspect(&nowhere()).await.unwrap_err();
    assert!(error.to_string().contains("CPU time"), "{error}");
    let events = heard.0.lock().unwrap();
    let said = |event: &&Event| matches!(event, Event::Note { .. });
    let notes = events.iter().filter(said).count();
    assert!((1000..10_000).contains(&notes), "{notes} notes");
    // Ten a second at most.
    assert!(events.len() - notes < 100, "{} events", events.len());
    let Some(Event::Note { reason, .. }) = events.iter().rfind(said) else { panic!("no note") };
    assert!(reason.contains("more than it may"), "{reason}");
}

/// What an instance says of itself comes from a server, or from a plugin that lies about one.
#[test]
fn no_description_of_an_instance_moves_the_cursor() {
    let text = fixture("escapes").replace("%text%", &quoted(HARMFUL)).replace("%length%", &HARMFUL.len().to_string());
    let cofferdam = scene(&of_module(&text, StringEncoding::UTF8));
    cofferdam.add_plugin(&cofferdam.folder().join("hostile.wasm"), &[]).unwrap();
    for arguments in [&["instance", "show", "odd"][..], &["instance", "show", "odd", "--json"]] {
        let output = cofferdam.succeed(arguments, BOUND).unwrap();
        assert!(output.stdout.contains("owned"), "nothing was shown: {}", output.stdout);
        assert!(!output.stdout.contains(is_harmful), "{:?}", output.stdout);
        // Nothing begins a line that isn't ours.
        assert!(!output.stdout.lines().any(|line| line.starts_with("error:")), "{}", output.stdout);
    }
}

/// A component's description of itself is read before anybody trusts it.
#[test]
fn no_description_of_a_plugin_moves_the_cursor() {
    let setting = |name: &str, help: &str| Setting { name: name.to_owned(), help: help.to_owned() };
    for harmful in [HARMFUL, "x\u{202e}", "x\u{200b}"] {
        for about in [
            About { title: harmful.to_owned(), ..about() },
            About { version: harmful.to_owned(), ..about() },
            About { server_versions: harmful.to_owned(), ..about() },
            About { settings: vec![setting("x", harmful)], ..about() },
            About { settings: vec![setting(harmful, "x")], ..about() },
        ] {
            let cofferdam = scene(&described("(module)", StringEncoding::UTF8, &about));
            let path = cofferdam.folder().join("hostile.wasm");
            let path = path.to_str().unwrap();
            for arguments in [
                &["plugin", "inspect", path][..],
                &["plugin", "add", path, "--allow-unsigned", "--yes"],
                &["plugin", "list"],
                &["instance", "show", "odd"],
            ] {
                for json in [&[][..], &["--json"]] {
                    let output = cofferdam.run(&[arguments, json].concat(), BOUND).unwrap();
                    let told = output.stdout + &output.stderr;
                    assert!(!told.contains(is_harmful), "{arguments:?}: {told:?}");
                }
            }
        }
    }
}

/// A folder with this plugin's file, and an instance of its engine.
fn scene(component: &[u8]) -> Cofferdam {
    let cofferdam = Cofferdam::new().unwrap();
    fs::write(cofferdam.folder().join("hostile.wasm"), component).unwrap();
    cofferdam.configure("[instances.odd]\nengine = \"hostile\"\nurl = \"hostile://nowhere/\"\n").unwrap();
    cofferdam
}
