//! Ways to log in to MySQL and MariaDB: mysql_native_password with and without TLS on a real MariaDB, caching_sha2_password
//! on a double, since MariaDB 10.11 has no such users.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::doubles::mysql_login::{LET_IN, MysqlLogin};
use cofferdam_tests::servers::Mariadb;

const MINUTES: Duration = Duration::from_secs(300);
const PASSWORD: &str = "correct horse battery staple";

/// What the engine is told after it tried to log in.
fn told(url: &str, password: &str) -> String {
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mysql("shop", url, password).unwrap();
    let output = cofferdam.run(&["instance", "check", "shop"], MINUTES).unwrap();
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(!said.contains(password), "{said}");
    said
}

#[test]
fn a_user_by_native_password_logs_in_with_and_without_tls() {
    let server = Mariadb::start_with(true, &["require-secure-transport=OFF"]).unwrap();
    let authority = server.authority().unwrap().display().to_string();
    server.sql("mysql", "CREATE DATABASE shop; CREATE USER secure@'%' IDENTIFIED BY 'under tls alone' REQUIRE SSL; GRANT ALL ON *.* TO secure@'%'").unwrap();
    let says = |url: &str, password: &str| told(url, password);
    let full = format!("?sslmode=verify-full&sslrootcert={authority}");
    assert!(says(&format!("{}{full}", server.url("shop")), server.password()).contains("has the privileges"));
    assert!(says(&format!("{}?sslmode=disable", server.url("shop")), server.password()).contains("has the privileges"));
    let secure = server.url_of("secure", "shop");
    assert!(says(&format!("{secure}{full}"), "under tls alone").contains("has the privileges"));
    assert!(says(&format!("{secure}?sslmode=disable"), "under tls alone").contains("Access denied"));
    // A server whose certificate nobody vouches for is left before anything is said to it.
    let said = says(&format!("{}?sslmode=verify-full", server.url("shop")), server.password());
    assert!(said.contains("certificate"), "{said}");
}

#[test]
fn a_server_that_cached_the_hash_is_content_with_an_answer() {
    let server = MysqlLogin::start(PASSWORD, true).unwrap();
    for sslmode in ["disable", "verify-full"] {
        let said = told(&server.url(sslmode), PASSWORD);
        assert!(said.contains(LET_IN), "{sslmode}: {said}");
    }
    let said = told(&server.url("disable"), "another password");
    assert!(said.contains("Access denied"), "{said}");
}

#[test]
fn the_password_itself_is_sent_under_tls_and_never_in_the_clear() {
    let server = MysqlLogin::start(PASSWORD, false).unwrap();
    let said = told(&server.url("verify-full"), PASSWORD);
    assert!(said.contains(LET_IN), "{said}");
    let said = told(&server.url("disable"), PASSWORD);
    assert!(said.contains("wants the password itself") && said.contains("sslmode=verify-full"), "{said}");
    let said = told(&server.url("verify-full"), "another password");
    assert!(said.contains("Access denied"), "{said}");
}
