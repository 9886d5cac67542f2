//! The PostgreSQL client on a real server: ways to log in, TLS, COPY in both directions, and what is left of a session.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::time::Duration;

use bytes::Bytes;
use cofferdam::error::{Error, Result};
use cofferdam::services::postgres::client::{Client, Parameters, parse_url};
use cofferdam_tests::servers::{Authentication, Major, Options, Postgresql};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

/// More rows than anybody reads before something happens.
const ENDLESS: &str = "copy (select n, md5(n::text) from generate_series(1, 1000000000) n) to stdout";

/// A server where the superuser needs no password and each other role is asked for it in its own way.
fn server() -> Postgresql {
    let options = Options { tls: true, authentication: Authentication::Trust, ..Options::new(Major::V15) };
    let server = Postgresql::start_with(&options).unwrap();
    let rules = "
        CREATE ROLE scram LOGIN PASSWORD 'pencil'; CREATE ROLE clear LOGIN PASSWORD 'pencil';
        CREATE ROLE unencrypted LOGIN PASSWORD 'pencil';
        SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD 'pencil';
        DO $$ BEGIN EXECUTE format('COPY (VALUES (%L), (%L), (%L), (%L), (%L)) TO %L',
            'hostnossl all unencrypted all scram-sha-256', 'host all clear all password', 'host all md5 all md5',
            'host all scram all scram-sha-256', 'host all postgres all trust', current_setting('hba_file'));
        END $$;
        SELECT pg_reload_conf();
    ";
    server.sql("postgres", rules).unwrap();
    server
}

async fn log_in(
    url: &str,
    password: Option<&str>,
    cancel: &CancellationToken,
    sessions: &TaskTracker,
) -> Result<Client> {
    let location = parse_url(url)?;
    let parameters = Parameters {
        user: location.user.unwrap(),
        password: password.map(|password| Zeroizing::new(password.to_owned())),
        database: location.database,
        application_name: location.application_name,
        options: location.options,
        ..Parameters::default()
    };
    Client::connect(&location.target, &parameters, cancel, sessions).await
}

async fn connect(server: &Postgresql, user: &str, host: &str, parameters: &str) -> Result<Client> {
    let url = format!("postgresql://{user}@{host}:{}/postgres?{parameters}", server.port());
    log_in(&url, Some("pencil"), &CancellationToken::new(), &TaskTracker::new()).await
}

async fn superuser(server: &Postgresql) -> Client {
    connect(server, "postgres", "127.0.0.1", "sslmode=disable").await.unwrap()
}

async fn value(client: &Client, sql: &str) -> String {
    let rows = client.query(Bytes::from(sql.to_owned())).await.unwrap();
    String::from_utf8(rows[0][0].clone().unwrap().to_vec()).unwrap()
}

/// All that a COPY gives, and how it ended.
async fn read(client: &Client, sql: &str) -> (Vec<u8>, Result<u64>) {
    let mut copy = client.copy_out(Bytes::from(sql.to_owned())).await.unwrap();
    let mut all = Vec::new();
    while let Some(piece) = copy.data.recv().await {
        all.extend_from_slice(&piece);
    }
    (all, copy.done.await)
}

const ENCRYPTED: &str = "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()";

#[tokio::test]
async fn every_way_to_log_in_works_where_it_is_safe() {
    let server = server();
    let trusting = format!("sslmode=verify-full&sslrootcert={}", server.authority().unwrap().display());
    for user in ["scram", "md5", "clear"] {
        let client = connect(&server, user, "localhost", &trusting).await.unwrap();
        assert_eq!(value(&client, "select current_user").await, user);
        assert_eq!(value(&client, ENCRYPTED).await, "true");
    }
    for user in ["scram", "md5", "unencrypted"] {
        let client = connect(&server, user, "localhost", "sslmode=disable").await.unwrap();
        assert_eq!(value(&client, ENCRYPTED).await, "false", "{user}");
    }
    for (user, parameters) in [("unencrypted", "sslmode=require"), ("clear", "sslmode=disable")] {
        let error = connect(&server, user, "localhost", parameters).await.unwrap_err();
        assert_eq!(error.code(), "authentication-failed", "{user}: {error}");
    }
}

#[tokio::test]
async fn who_is_refused_learns_why() {
    let server = server();
    let to = async |user: &str, database: &str, password| {
        let url = format!("postgresql://{user}@127.0.0.1:{}/{database}?sslmode=disable", server.port());
        let error = log_in(&url, password, &CancellationToken::new(), &TaskTracker::new()).await.unwrap_err();
        (error.code(), error.engine_code().map(str::to_owned))
    };
    assert_eq!(to("scram", "postgres", Some("wrong")).await, ("authentication-failed", Some("28P01".to_owned())));
    assert_eq!(to("scram", "postgres", None).await.0, "authentication-failed");
    assert_eq!(to("postgres", "nothere", None).await.0, "not-found");
}

#[tokio::test]
async fn each_tls_mode_proves_what_it_says() {
    let server = server();
    let other = tempfile::NamedTempFile::new().unwrap();
    let another = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(other.path(), another.cert.pem()).unwrap();
    for (host, parameters, works) in [
        ("localhost", "sslmode=verify-full&sslrootcert=OURS", true),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert=OURS", true),
        ("localhost", "sslmode=verify-ca&sslrootcert=OURS", true),
        ("localhost", "sslmode=verify-ca&sslrootcert=OTHER", false),
        ("localhost", "sslmode=verify-full&sslrootcert=OTHER", false),
        ("localhost", "sslmode=verify-full", false),
        ("localhost", "sslmode=require", true),
        ("localhost", "sslmode=require&sslrootcert=OTHER", false),
        ("localhost", "sslmode=prefer", true),
        ("localhost", "", true),
    ] {
        let parameters = parameters
            .replace("OURS", server.authority().unwrap().to_str().unwrap())
            .replace("OTHER", other.path().to_str().unwrap());
        match connect(&server, "scram", host, &parameters).await {
            Ok(client) => {
                assert!(works, "{host} {parameters}");
                assert_eq!(value(&client, ENCRYPTED).await, "true", "{parameters}");
            }
            Err(error) => {
                assert!(!works, "{host} {parameters}: {error:?}");
                assert!(error.hint().is_some() && !error.is_retryable(), "{error:?}");
            }
        }
    }
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_questions_whatever_fails_between() {
    let server = server();
    let client = superuser(&server).await;
    let (first, second, third) = tokio::join!(
        client.query("select 1".into()),
        client.query("select nope".into()),
        client.query("select 3".into())
    );
    assert_eq!(first.unwrap()[0][0].as_deref(), Some(&b"1"[..]));
    assert_eq!(second.unwrap_err().engine_code(), Some("42703"));
    assert_eq!(third.unwrap()[0][0].as_deref(), Some(&b"3"[..]));
}

#[tokio::test]
async fn an_error_repeats_no_row() {
    let server = server();
    let client = superuser(&server).await;
    client.execute("create temp table t (a text primary key); insert into t values ('Erika')".into()).await.unwrap();
    let error = client.execute("insert into t values ('Erika')".into()).await.unwrap_err();
    assert_eq!(error.engine_code(), Some("23505"));
    assert!(!format!("{error:?}").contains("Erika"), "{error:?}");
    let mut copy = client.copy_in("create temp table n (a int); copy n from stdin".into()).await.unwrap();
    let error = async {
        for _ in 0..100_000 {
            copy.send(Bytes::from("Erika\n".repeat(1000))).await?;
        }
        Ok::<_, Error>(())
    };
    let error = error.await.unwrap_err();
    assert_eq!(error.engine_code(), Some("22P02"));
    assert!(!format!("{error:?}").contains("Erika"), "{error:?}");
}

#[tokio::test]
async fn a_query_has_its_limit_and_the_session_goes_on() {
    let server = server();
    let client = superuser(&server).await;
    let error = client.query("select repeat('x', 1000) from generate_series(1, 100000)".into()).await.unwrap_err();
    assert_eq!(error.code(), "unsupported");
    assert_eq!(value(&client, "select 5").await, "5");
}

#[tokio::test]
async fn an_error_after_half_of_the_rows_is_an_error() {
    let server = server();
    let client = superuser(&server).await;
    let (data, rows) = read(&client, "copy (select n from generate_series(1, 200000) n) to stdout").await;
    let expected: String = (1..=200_000).map(|n| format!("{n}\n")).collect();
    assert!(data == expected.as_bytes());
    assert_eq!(rows.unwrap(), 200_000);
    let (data, rows) =
        read(&client, "copy (select 1 / (400000 - n) from generate_series(1, 800000) n) to stdout").await;
    assert!(data.len() >= 256 << 10, "{} bytes came before", data.len());
    assert_eq!(rows.unwrap_err().engine_code(), Some("22012"));
    assert_eq!(value(&client, "select 5").await, "5");
}

#[tokio::test]
async fn a_value_of_400_mb_goes_through_without_being_held() {
    let server = server();
    let client = superuser(&server).await;
    let before = most_memory();
    let mut copy = client.copy_out("copy (select repeat('0123456789', 40000000)) to stdout".into()).await.unwrap();
    let mut bytes = 0;
    while let Some(piece) = copy.data.recv().await {
        bytes += piece.len();
    }
    assert_eq!((bytes, copy.done.await.unwrap()), (400_000_001, 1));
    let grown = most_memory() - before;
    // Other tests run in this process, and need less than half of it together.
    assert!(grown < 250_000, "{grown} kB more memory were used");
}

/// The most memory that this process ever had, in kB: proc(5), `VmHWM`.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_copy_counts_only_once_it_is_finished() {
    let server = server();
    let client = superuser(&server).await;
    client.execute("create table rows (a int); create table marks (a int)".into()).await.unwrap();
    let begin = || client.copy_in("insert into marks values (1); copy rows from stdin".into());
    let both = "select (select count(*) from rows) + (select count(*) from marks)";

    let mut copy = begin().await.unwrap();
    copy.send(Bytes::from("1\n")).await.unwrap();
    copy.abort("no more").await.unwrap();
    assert_eq!(value(&client, both).await, "0");

    let mut copy = begin().await.unwrap();
    copy.send(Bytes::from("1\n")).await.unwrap();
    drop(copy);
    assert_eq!(value(&client, both).await, "0");

    let mut copy = begin().await.unwrap();
    copy.send(Bytes::from("1\n".repeat(300_000))).await.unwrap();
    assert_eq!(copy.finish().await.unwrap(), 300_000);
    assert_eq!(value(&client, both).await, "300001");
}

#[tokio::test]
async fn a_session_that_the_server_ends_is_lost_and_worth_another_try() {
    let server = server();
    let other = superuser(&server).await;
    for during in ["a statement", "a copy", "nothing"] {
        let client = superuser(&server).await;
        let end = format!("select pg_terminate_backend({})", value(&client, "select pg_backend_pid()").await);
        let end = async {
            sleep(Duration::from_millis(200)).await;
            value(&other, &end).await
        };
        let error = match during {
            "a statement" => tokio::join!(client.execute("select pg_sleep(60)".into()), end).0.unwrap_err(),
            "a copy" => tokio::join!(read(&client, ENDLESS), end).0.1.unwrap_err(),
            _ => {
                end.await;
                sleep(Duration::from_millis(200)).await;
                client.execute("select 1".into()).await.unwrap_err()
            }
        };
        assert_eq!((error.code(), error.is_retryable()), ("unreachable", true), "{during}: {error:?}");
    }
}

#[tokio::test]
async fn neither_cancelling_nor_dropping_leaves_a_session() {
    let server = server();
    let other = superuser(&server).await;
    let theirs = "select count(*) from pg_stat_activity where application_name = 'theirs'";
    for sslmode in ["disable", "require"] {
        for during in ["a statement", "a copy", "a copy that nobody reads", "a copy to the server", "nothing"] {
            for cancels in [true, false] {
                let (cancel, sessions) = (CancellationToken::new(), TaskTracker::new());
                let url = format!(
                    "postgresql://postgres@localhost:{}/postgres?sslmode={sslmode}&application_name=theirs",
                    server.port()
                );
                let client = log_in(&url, None, &cancel, &sessions).await.unwrap();
                client.execute("create temp table t (a text)".into()).await.unwrap();
                let _ = timeout(Duration::from_millis(200), busy(&client, during)).await;
                if cancels {
                    assert_eq!(value(&other, theirs).await, "1", "{during}");
                    cancel.cancel();
                    assert!(client.execute("select 1".into()).await.unwrap_err().is_cancelled(), "{during}");
                }
                drop(client);
                sessions.close();
                timeout(Duration::from_secs(10), sessions.wait()).await.expect(during);
                assert_eq!(value(&other, theirs).await, "0", "{during}, cancels: {cancels}, {sslmode}");
            }
        }
    }
}

async fn busy(client: &Client, with: &str) -> Result<()> {
    match with {
        "a statement" => client.execute("select pg_sleep(60)".into()).await.map(drop),
        "a copy" => read(client, ENDLESS).await.1.map(drop),
        "a copy that nobody reads" => client.copy_out(ENDLESS.into()).await?.done.await.map(drop),
        "a copy to the server" => {
            let mut copy = client.copy_in("copy t from stdin".into()).await?;
            loop {
                copy.send(Bytes::from("x\n".repeat(10_000))).await?;
            }
        }
        _ => std::future::pending().await,
    }
}
