//! A TCP connection that is looked at once a millisecond while a long answer comes in.
//!
//! The runtime is told of every segment that arrives, whether somebody waits for it or not (epoll(7), "edge-triggered"), and
//! wakes a thread each time. From a server that sends 8 KiB at a time, as PostgreSQL does, that costs both sides more than
//! the bytes. A long answer can wait: while one comes in, the socket is taken away from the runtime, and what has gathered
//! in its buffer is read at once.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Bytes that make an answer long.
const LONG: usize = 1 << 20;
/// How often the socket is looked at then: as often as the runtime's clock ticks.
const PAUSE: Duration = Duration::from_millis(1);
/// Looks in vain, one after the other, that end a long answer.
const IN_VAIN: u32 = 2;

/// The connection.
#[derive(Debug)]
pub struct Gathered {
    socket: Socket,
    /// Somebody waits until more can be written: the runtime must go on telling.
    writing: bool,
}

#[derive(Debug)]
enum Socket {
    /// The runtime tells when there is something; so many bytes came that way.
    Told(TcpStream, usize),
    Looked(Looked),
    /// Getting from one to the other has failed.
    Lost,
}

/// A socket that the runtime doesn't know.
#[derive(Debug)]
struct Looked {
    tcp: std::net::TcpStream,
    in_vain: u32,
    /// When it is read again, if it is waited for.
    read: Option<Pin<Box<Sleep>>>,
    /// When it is written again, if it is waited for.
    write: Option<Pin<Box<Sleep>>>,
}

impl Gathered {
    /// A connection that was just made.
    pub(super) fn new(tcp: TcpStream) -> Self {
        Self { socket: Socket::Told(tcp, 0), writing: false }
    }

    /// The address that answered.
    pub(super) fn peer(&self) -> io::Result<SocketAddr> {
        match &self.socket {
            Socket::Told(tcp, _) => tcp.peer_addr(),
            Socket::Looked(looked) => looked.tcp.peer_addr(),
            Socket::Lost => Err(lost()),
        }
    }

    /// The socket, while the runtime knows it.
    #[cfg(test)]
    pub(super) fn told(&self) -> Option<&TcpStream> {
        match &self.socket {
            Socket::Told(tcp, _) => Some(tcp),
            _ => None,
        }
    }

    /// Takes the socket away from the runtime if the answer has become long, and gives it back once it is over.
    fn settle(&mut self) -> io::Result<()> {
        let turns = match &self.socket {
            Socket::Told(_, came) => *came >= LONG && !self.writing,
            Socket::Looked(looked) => looked.in_vain > IN_VAIN && looked.write.is_none(),
            Socket::Lost => false,
        };
        if turns {
            self.socket = match std::mem::replace(&mut self.socket, Socket::Lost) {
                Socket::Told(tcp, _) => {
                    Socket::Looked(Looked { tcp: tcp.into_std()?, in_vain: 0, read: None, write: None })
                }
                Socket::Looked(looked) => Socket::Told(TcpStream::from_std(looked.tcp)?, 0),
                Socket::Lost => Socket::Lost,
            };
        }
        Ok(())
    }
}

impl AsyncRead for Gathered {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            this.settle()?;
            match &mut this.socket {
                Socket::Told(tcp, came) => {
                    let before = buf.filled().len();
                    ready!(Pin::new(tcp).poll_read(cx, buf))?;
                    *came += buf.filled().len() - before;
                    return Poll::Ready(Ok(()));
                }
                Socket::Looked(looked) => {
                    ready!(over(&mut looked.read, cx));
                    match looked.tcp.read(buf.initialize_unfilled()) {
                        Ok(count) => {
                            looked.in_vain = 0;
                            buf.advance(count);
                            return Poll::Ready(Ok(()));
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            looked.in_vain = looked.in_vain.saturating_add(1);
                            looked.read = Some(Box::pin(sleep(PAUSE)));
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
                Socket::Lost => return Poll::Ready(Err(lost())),
            }
        }
    }
}

impl AsyncWrite for Gathered {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            match &mut this.socket {
                Socket::Told(tcp, _) => {
                    let written = Pin::new(tcp).poll_write(cx, buf);
                    this.writing = written.is_pending();
                    return written;
                }
                Socket::Looked(looked) => {
                    ready!(over(&mut looked.write, cx));
                    match looked.tcp.write(buf) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            looked.write = Some(Box::pin(sleep(PAUSE)));
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        written => return Poll::Ready(written),
                    }
                }
                Socket::Lost => return Poll::Ready(Err(lost())),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The system keeps nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Told(tcp, _) => Pin::new(tcp).poll_shutdown(cx),
            Socket::Looked(looked) => Poll::Ready(looked.tcp.shutdown(Shutdown::Write)),
            Socket::Lost => Poll::Ready(Err(lost())),
        }
    }
}

/// Whether a pause is over; it is forgotten then.
fn over(pause: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> Poll<()> {
    if let Some(sleep) = pause {
        ready!(sleep.as_mut().poll(cx));
        *pause = None;
    }
    Poll::Ready(())
}

fn lost() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection was lost")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use std::net::TcpListener;
    use std::thread;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    /// A connection to a server that does `serve`.
    async fn connected(serve: impl FnOnce(std::net::TcpStream) + Send + 'static) -> Gathered {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || serve(listener.accept().unwrap().0));
        Gathered::new(TcpStream::connect(address).await.unwrap())
    }

    fn is_looked_at(gathered: &Gathered) -> bool {
        matches!(gathered.socket, Socket::Looked(_))
    }

    #[tokio::test]
    async fn a_long_answer_is_looked_at_and_a_short_one_after_it_is_told() {
        let answer: Vec<u8> = (0..4 * LONG).map(|n| n.to_le_bytes()[n % 3]).collect();
        let sent = answer.clone();
        let mut stream = connected(move |mut server| {
            let mut question = [0];
            server.read_exact(&mut question).unwrap();
            sent.chunks(8 << 10).for_each(|part| server.write_all(part).unwrap());
            while server.read_exact(&mut question).is_ok() {
                server.write_all(&question).unwrap();
            }
        })
        .await;
        stream.write_all(b"?").await.unwrap();
        let (mut came, mut looked) = (vec![0; answer.len()], false);
        for part in came.chunks_mut(64 << 10) {
            timeout(SOON, stream.read_exact(part)).await.unwrap().unwrap();
            looked |= is_looked_at(&stream);
        }
        assert!(came == answer && looked);
        // The question goes out by another way than the answers before it came.
        for question in [b"a", b"b"] {
            stream.write_all(question).await.unwrap();
            tokio::time::sleep(5 * PAUSE).await;
            timeout(SOON, stream.read_exact(&mut came[..1])).await.unwrap().unwrap();
            assert_eq!(&came[..1], question);
        }
        let since = std::time::Instant::now();
        while is_looked_at(&stream) {
            assert!(timeout(20 * PAUSE, stream.read(&mut came)).await.is_err() && since.elapsed() < SOON);
        }
        stream.write_all(b"c").await.unwrap();
        timeout(SOON, stream.read_exact(&mut came[..1])).await.unwrap().unwrap();
        assert_eq!(came[0], b'c');
    }

    #[tokio::test]
    async fn the_end_of_a_long_answer_is_seen() {
        let mut stream = connected(|mut server| server.write_all(&vec![7; 3 * LONG]).unwrap()).await;
        let mut came = Vec::new();
        timeout(SOON, stream.read_to_end(&mut came)).await.unwrap().unwrap();
        assert!(came == vec![7; 3 * LONG]);
        stream.shutdown().await.unwrap();
    }

    /// Each side is full at times, and each has to be told or to look again.
    #[tokio::test]
    async fn long_questions_and_long_answers_pass_each_other() {
        let stream = connected(|mut server| {
            let mut part = vec![0; 64 << 10];
            while let Ok(count @ 1..) = server.read(&mut part) {
                server.write_all(&part[..count]).unwrap();
            }
        })
        .await;
        let sent: Vec<u8> = (0..32 * LONG).map(|n| n.to_le_bytes()[n % 3]).collect();
        let (mut reading, mut writing) = split(stream);
        let (mut came, questions) = (vec![0; sent.len()], sent.clone());
        // Tasks of their own: each has to be woken for itself.
        let asking = tokio::spawn(async move { writing.write_all(&questions).await });
        timeout(SOON, reading.read_exact(&mut came)).await.unwrap().unwrap();
        asking.await.unwrap().unwrap();
        assert!(came == sent);
    }
}
