//! Faults of our own: a panic ends the operation that it happens in, says that it is ours, and shows nothing of what was
//! being looked at.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cofferdam::operation::event::{Event, Sink};
use cofferdam::plugin::Sandbox;
use cofferdam::secrets::Redactor;
use cofferdam::services::{Causes, Context};
use cofferdam_tests::cofferdam::Cofferdam;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wit_component::StringEncoding;

use crate::component::{of_module, written_out};
use crate::host::{BOUND, LIMITS, admitted, assert_gone, assert_unharmed, nowhere};
use crate::logins;

/// Part of the host, and broken.
struct Broken;

impl Sink for Broken {
    fn event(&self, _: Event) {
        panic!("a fault of the host's, made by a test");
    }
}

fn operation() -> Arc<Context> {
    Arc::new(Context {
        operation: "0123456789ab".to_owned(),
        sink: Arc::new(Broken),
        redactor: Redactor::default(),
        causes: Causes::default(),
        cancel: CancellationToken::new(),
        running: TaskTracker::new(),
        let_in: AtomicBool::new(false),
    })
}

/// A plugin that says something when it is asked.
fn saying_when_asked() -> Vec<u8> {
    let text = "(module
        (import \"cofferdam:host/report@0.1.0\" \"log\" (func $log (param i32 i32 i32)))
        (func $inspect (param i32) (result i32)
            (call $log (i32.const 1) (i32.const 1100) (i32.const 4)) (i32.const 1024)))";
    of_module(text, StringEncoding::UTF8)
}

/// One that says something while it is started: of two modules, the second of which is given the host's function.
fn saying_when_started() -> Vec<u8> {
    written_out(
        "(component
            (import \"cofferdam:host/report@0.1.0\" (instance $report
                (type $enum (enum \"debug\" \"info\" \"warn\")) (export \"level\" (type $level (eq $enum)))
                (export \"log\" (func (param \"level\" $level) (param \"message\" string)))))
            (core module $memory (memory (export \"memory\") 1))
            (core instance $in (instantiate $memory))
            (alias export $report \"log\" (func $log))
            (core func $say (canon lower (func $log) (memory $in \"memory\")))
            (core module $start
                (import \"host\" \"log\" (func $log (param i32 i32 i32)))
                (func $begin (call $log (i32.const 1) (i32.const 0) (i32.const 4)))
                (start $begin))
            (core instance (instantiate $start (with \"host\" (instance (export \"log\" (func $say)))))))",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_function_of_the_host_ends_its_operation_and_nothing_else() {
    let context = operation();
    let plugin = admitted(saying_when_asked()).unwrap();
    let sandbox = Sandbox::start(&plugin, &context, &LIMITS).await.unwrap();
    // Also for who asks later.
    for _ in 0..2 {
        let error = sandbox.inspect(&nowhere()).await.unwrap_err();
        assert_eq!(error.code(), "internal", "{error:?}");
        assert_eq!(error.message(), "Cofferdam itself failed while it served the plugin hostile in inspect");
        assert!(error.hint().unwrap().contains("a fault of Cofferdam and not of the plugin"), "{error:?}");
    }
    drop(sandbox);
    assert_gone(&context).await;
    assert_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_a_plugin_is_started_ends_its_operation_and_nothing_else() {
    let context = operation();
    let error = Sandbox::start(&admitted(saying_when_started()).unwrap(), &context, &LIMITS).await.err().unwrap();
    assert_eq!(error.code(), "internal", "{error:?}");
    assert_eq!(error.message(), "Cofferdam itself failed while it served the plugin hostile in its start");
    assert_gone(&context).await;
    assert_unharmed().await;
}

/// MongoDB's driver cuts the server's nonce where ours would end, and panics with the server's words if it is shorter.
#[test]
fn a_panic_tells_where_it_happened_and_not_what_was_looked_at() {
    let port = logins::mongodb(|_| "r=\u{1b}]0;owned\u{7}\u{202e},s=c2FsdA==,i=15000".to_owned());
    let mut cofferdam = Cofferdam::new().unwrap();
    let url = format!("mongodb://me@127.0.0.1:{port}/shop?connectTimeoutMS=1500");
    cofferdam.add_mongodb("shop", &url, "hunter2").unwrap();
    let output = cofferdam.run(&["instance", "check", "shop"], BOUND).unwrap();
    assert!(!output.status.success());
    let told = output.stdout + &output.stderr;
    assert!(told.contains("fault: Cofferdam itself failed at ") && told.contains("scram.rs"), "{told}");
    assert!(told.contains("error: "), "{told}");
    assert!(
        !told.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}') && !told.contains("owned"),
        "{told:?}"
    );
}
