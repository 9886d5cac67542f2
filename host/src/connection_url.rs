//! Connection URLs as drivers write them: `scheme://user@host:port/database?parameter=value`.
//!
//! They are taken apart here because they aren't URLs to a library for the web's, which refuses a user without a host:
//! that is how a Unix socket is written (`postgresql://user@/db?host=/folder`, PostgreSQL docs 34.1.1.2). This
//! knows no engine; which parameters there are and what they mean is for the engine's client to judge.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A connection URL, kept as it was written. It has no password: one that stands in it is refused.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionUrl(String);

impl ConnectionUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, without any of its text, which may be a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("this isn't a URL")?;
        let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if !named || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("this isn't a URL");
        }
        // Up to the last "@" of all: a password may hold any character if somebody didn't encode it.
        if rest.rsplit_once('@').is_some_and(|(before, _)| before.contains(':')) {
            return Err("a password is written out in this URL (or an \"@\" that isn't written as %40)");
        }
        let url = Self(text.to_owned());
        let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
        if url.hosts().split(',').filter_map(|host| split_port(host).1).any(|port| !digits(port)) {
            return Err("this isn't a URL: its port is no number");
        }
        Ok(url)
    }

    /// The URL as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The user: from the front, or the parameter `user`.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        self.said(self.authority().rsplit_once('@').map_or("", |(user, _)| user), "user")
    }

    /// The host, without brackets: from the front, or the parameter `host`, where a Unix socket's folder stands.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        let host = split_port(self.hosts()).0;
        self.said(host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host), "host")
    }

    /// The port: from the front, or the parameter `port`.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.said(split_port(self.hosts()).1.unwrap_or_default(), "port")?.parse().ok()
    }

    /// The database: from the path, or the parameter `dbname`.
    #[must_use]
    pub fn database(&self) -> Option<String> {
        self.said(self.front().split_once('/').map_or("", |(_, path)| path), "dbname")
    }

    /// Every parameter, decoded, in order.
    pub fn parameters(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.query().split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
    }

    /// The URL with `edit` applied to the decoded value of each parameter; where it gives none, the text stays.
    #[must_use]
    pub fn map_parameters(&self, edit: impl Fn(&str, &str) -> Option<String>) -> Self {
        let Some((front, query)) = self.0.split_once('?') else { return self.clone() };
        let pairs = query.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match edit(&decoded(name), &decoded(value)) {
                Some(value) => Cow::Owned(format!("{name}={}", encoded(&value))),
                None => Cow::Borrowed(pair),
            }
        });
        Self(format!("{front}?{}", pairs.collect::<Vec<_>>().join("&")))
    }

    /// Between the scheme and the parameters.
    fn front(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['?', '#']).next().unwrap_or_default()
    }

    fn authority(&self) -> &str {
        self.front().split('/').next().unwrap_or_default()
    }

    fn hosts(&self) -> &str {
        self.authority().rsplit('@').next().unwrap_or_default()
    }

    fn query(&self) -> &str {
        self.0.split_once('?').map_or("", |(_, query)| query)
    }

    fn said(&self, in_front: &str, parameter: &str) -> Option<String> {
        let in_front = decoded(in_front).into_owned();
        let parameter = || self.parameters().find(|(name, _)| name == parameter).map(|(_, value)| value.into_owned());
        Some(in_front).filter(|text| !text.is_empty()).or_else(parameter)
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// What RFC 3986, 2.3 leaves unencoded everywhere.
fn encoded(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}

/// A host and what stands behind its colon; those inside brackets are an IPv6 address's.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn url(text: &str) -> ConnectionUrl {
        ConnectionUrl::parse(text).unwrap()
    }

    #[test]
    fn the_front_says_who_where_and_what() {
        let url = url("postgresql://jo%40e@db.internal:6000/a%2Fb?sslmode=require");
        assert_eq!(url.user().as_deref(), Some("jo@e"));
        assert_eq!((url.host().as_deref(), url.port()), (Some("db.internal"), Some(6000)));
        assert_eq!(url.database().as_deref(), Some("a/b"));
        assert_eq!(url.parameters().collect::<Vec<_>>(), [("sslmode".into(), "require".into())]);
    }

    #[test]
    fn a_unix_socket_is_a_folder_behind_a_user_without_a_host() {
        let url = url("postgresql://joe@/shop?host=/run/pg&port=6000");
        assert_eq!((url.user().as_deref(), url.host().as_deref()), (Some("joe"), Some("/run/pg")));
        assert_eq!((url.port(), url.database().as_deref()), (Some(6000), Some("shop")));
    }

    #[test]
    fn an_ipv6_address_keeps_its_colons() {
        assert_eq!(url("p://[::1]:6000/d").host().as_deref(), Some("::1"));
        assert_eq!((url("p://[::1]:6000/d").port(), url("p://[::1]").port()), (Some(6000), None));
    }

    #[test]
    fn a_password_is_refused_whatever_characters_it_has_and_is_not_repeated() {
        for text in ["p://u:s3cret@h", "p://u:s3/cr@et@h/d", "p://:s3cret@h", "p://u:s3?cret@h", "p://u:s3#cret@h"] {
            let error = ConnectionUrl::parse(text).err().expect(text);
            assert!(error.contains("password") && !error.contains("s3"), "{text}: {error}");
        }
        // Without a host it looks like one with a port.
        assert!(ConnectionUrl::parse("p://u:s3cret").is_err());
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in ["", "s3cret", "://h", "1p://h", "p://h/a b", "p://h/\u{7}", "p://h:x/d", "p://a:1,b:x/d"] {
            assert!(ConnectionUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_edited_parameters_are_written_anew() {
        let edit = |name: &str, value: &str| (name == "a").then(|| format!("/x/{value}"));
        assert_eq!(url("p://h/d?a=1%202&b=%2f").map_parameters(edit).as_str(), "p://h/d?a=%2Fx%2F1%202&b=%2f");
    }
}
