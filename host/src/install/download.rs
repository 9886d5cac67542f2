//! Fetching a component from the web: https to the end, a bounded number of bytes in a bounded time.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use ureq_proto::BodyMode;
use ureq_proto::client::{Call, RecvResponseResult, SendRequestResult};
use ureq_proto::http::header::{CONTENT_ENCODING, LOCATION};
use ureq_proto::http::{Request, Response, StatusCode, Uri};
use url::{Host, Url};

use super::origin::{checked, shown};
use crate::dial::{self, Address, Stream, Target, TlsMode, TlsSettings};
use crate::error::{Error, Result};
use crate::plugin::{LARGEST, too_large};

/// All of it: 64 MiB in this time is what a slow line manages.
const TIME: Duration = Duration::from_secs(600);
/// A step in which nothing comes.
const STEP: Duration = Duration::from_secs(60);
/// Release pages send on to where their files are, once or twice.
const REDIRECTS: usize = 5;
/// A longer answer before the body is none that we need.
const HEAD: usize = 64 << 10;
/// What is read at a time.
const PIECE: usize = 64 << 10;

/// The bytes at `url`.
///
/// # Errors
/// "not-found", "permission-denied" or "unreachable" if it isn't to be had; "invalid-options" if it leads away from
/// https; "plugin" if it is larger than [`LARGEST`].
pub(super) async fn get(url: &Url) -> Result<Bytes> {
    let fetched = timeout(TIME, follow(url)).await;
    fetched
        .unwrap_or_else(|_| Err(Error::unreachable(format!("it took longer than {} s", TIME.as_secs()))))
        .map_err(|e| e.while_doing(format!("fetching {}", shown(url))))
}

async fn follow(url: &Url) -> Result<Bytes> {
    let mut url = url.clone();
    for _ in 0..=REDIRECTS {
        match request(&url).await? {
            Answer::Body(bytes) => return Ok(bytes),
            Answer::Elsewhere(location) => {
                let next = url.join(&location).map_err(|e| Error::unreachable("it leads nowhere").with_cause(e))?;
                url = checked(next).map_err(|e| e.while_doing("it leads to another address"))?;
            }
        }
    }
    Err(Error::unreachable(format!("it leads from one address to another more than {REDIRECTS} times")))
}

enum Answer {
    Body(Bytes),
    Elsewhere(String),
}

async fn request(url: &Url) -> Result<Answer> {
    let mut stream = within(connect(url)).await?;
    let uri: Uri = url.as_str().parse().map_err(odd)?;
    let request = Request::get(uri)
        .header("user-agent", concat!("cofferdam/", env!("CARGO_PKG_VERSION")))
        .header("connection", "close")
        .body(())
        .map_err(odd)?;
    let mut sending = Call::new(request).map_err(odd)?.proceed();
    let mut head = vec![0; HEAD];
    while !sending.can_proceed() {
        let length = sending.write(&mut head).map_err(odd)?;
        within(async { stream.write_all(head.get(..length).unwrap_or_default()).await.map_err(lost) }).await?;
    }
    within(async { stream.flush().await.map_err(lost) }).await?;
    let Ok(Some(SendRequestResult::RecvResponse(mut receiving))) = sending.proceed() else {
        return Err(Error::internal("a request without a body can't be sent"));
    };
    let mut input = BytesMut::new();
    let response = loop {
        let (used, response) = receiving.try_response(&input, false).map_err(odd)?;
        input.advance(used);
        if let Some(response) = response {
            break response;
        }
        if used == 0 && (input.len() > HEAD || !read(&mut stream, &mut input).await?) {
            return Err(Error::unreachable("the server's answer is none of HTTP"));
        }
    };
    if let Some(location) = judge(&response)? {
        return Ok(Answer::Elsewhere(location));
    }
    let Some(RecvResponseResult::RecvBody(mut body)) = receiving.proceed() else {
        return Ok(Answer::Body(Bytes::new()));
    };
    let mut bytes = BytesMut::new();
    let mut piece = vec![0; PIECE];
    loop {
        let (used, made) = body.read(&input, &mut piece).map_err(odd)?;
        input.advance(used);
        bytes.extend_from_slice(piece.get(..made).unwrap_or_default());
        if bytes.len() as u64 > LARGEST {
            return Err(too_large(&"it"));
        }
        let until_the_end = body.body_mode() == BodyMode::CloseDelimited;
        if body.can_proceed() && !until_the_end {
            break;
        }
        if used > 0 || made > 0 {
            continue;
        }
        if input.len() > HEAD {
            return Err(Error::unreachable("the server's answer is none of HTTP"));
        }
        if !read(&mut stream, &mut input).await? {
            if until_the_end {
                break;
            }
            return Err(Error::unreachable("the connection ended in the middle of the file").retryable(true));
        }
    }
    Ok(Answer::Body(bytes.freeze()))
}

/// Where it leads to, if it does.
fn judge(response: &Response<()>) -> Result<Option<String>> {
    let status = response.status();
    let failed = |error: fn(String) -> Error| error(format!("the server says {status}"));
    match status {
        StatusCode::OK if response.headers().contains_key(CONTENT_ENCODING) => {
            Err(Error::unreachable("the server packs the file, which nobody asked it to"))
        }
        StatusCode::OK => Ok(None),
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => {
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            location.map(|l| Some(l.to_owned())).ok_or_else(|| failed(Error::unreachable))
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(failed(Error::not_found)),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(failed(Error::permission_denied)),
        _ => Err(failed(Error::unreachable)),
    }
}

async fn connect(url: &Url) -> Result<Stream> {
    let host = match url.host() {
        Some(Host::Ipv6(ip)) => ip.to_string(),
        Some(host) => host.to_string(),
        None => return Err(Error::invalid_options("the address names no server")),
    };
    let address = Address::Tcp { host: host.clone(), port: url.port().unwrap_or(443) };
    let stream = dial::connect(&Target::new(address)).await?;
    let settings = TlsSettings { mode: TlsMode::VerifyFull, ..TlsSettings::default() };
    dial::start_tls(stream, &settings, &host).await.map_err(|e| {
        e.with_hint("get the file by other means and add that, with the --digest that its publisher tells")
    })
}

/// Reads some more; false at the end.
async fn read(stream: &mut Stream, input: &mut BytesMut) -> Result<bool> {
    input.reserve(PIECE);
    within(async { stream.read_buf(input).await.map(|length| length > 0).map_err(lost) }).await
}

async fn within<T>(step: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(STEP, step)
        .await
        .unwrap_or_else(|_| Err(Error::unreachable(format!("nothing came for {} s", STEP.as_secs())).retryable(true)))
}

fn lost(cause: std::io::Error) -> Error {
    Error::unreachable("the connection was lost").with_cause(cause).retryable(true)
}

fn odd(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unreachable("the server and we don't understand each other").with_cause(cause)
}
