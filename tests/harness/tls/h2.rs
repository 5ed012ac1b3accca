//! HTTP/2 without TLS (RFC 9113 3.3), for [`super::origin`] and [`super::browser`] to put TLS around.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::{self, SendResponse};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use tokio::net::{TcpListener, TcpStream};

use super::{pair, runtime};

/// An origin of HTTP/2 that answers each request with what its script makes of it.
#[derive(Debug)]
pub struct H2Origin {
    pub(super) addr: SocketAddr,
}

/// A message: its head, its content, and its trailers.
#[derive(Debug)]
pub struct Message<H> {
    pub head: H,
    pub body: Bytes,
    pub trailers: Option<HeaderMap>,
}

impl H2Origin {
    /// Listens.
    pub fn start<S>(script: S) -> Self
    where
        S: Fn(Message<http::request::Parts>) -> Message<Response<()>> + Send + Sync + 'static,
    {
        let script = Arc::new(script);
        Self::raw(move |request, mut respond| {
            let script = Arc::clone(&script);
            async move {
                let (head, stream) = request.into_parts();
                let (body, trailers) = collect(stream).await?;
                let Message { head, body, trailers } = script(Message { head, body, trailers });
                let nothing_follows = body.is_empty() && trailers.is_none();
                let mut stream = respond.send_response(head, nothing_follows)?;
                if nothing_follows { Ok(()) } else { send(&mut stream, body, trailers) }
            }
        })
    }

    /// Listens, with a script that has the streams themselves.
    pub fn raw<S, F>(script: S) -> Self
    where
        S: Fn(Request<RecvStream>, SendResponse<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), h2::Error>> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("the port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let script = Arc::new(script);
        runtime().spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a socket of the runtime");
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&script)));
            }
        });
        Self { addr }
    }
}

async fn serve<S, F>(socket: TcpStream, script: Arc<S>) -> Result<(), h2::Error>
where
    S: Fn(Request<RecvStream>, SendResponse<Bytes>) -> F,
    F: Future<Output = Result<(), h2::Error>> + Send + 'static,
{
    let mut connection = server::handshake(socket).await?;
    while let Some(asked) = connection.accept().await {
        let (request, respond) = asked?;
        // A stream that is reset by the other side ends its script.
        tokio::spawn(script(request, respond));
    }
    Ok(())
}

/// A client of HTTP/2.
#[derive(Debug, Clone)]
pub struct H2Client {
    sender: SendRequest<Bytes>,
}

impl H2Client {
    /// Speaks over a connection of plain bytes.
    pub(super) async fn over(socket: TcpStream) -> Result<Self, h2::Error> {
        let (sender, connection) = h2::client::handshake(socket).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// What became of the stream or its connection.
    pub fn ask(&self, request: Request<Bytes>) -> Result<Message<http::response::Parts>, h2::Error> {
        self.ask_with_trailers(request, None)
    }

    /// The same with trailers behind the content.
    ///
    /// # Errors
    /// What became of the stream or its connection.
    pub fn ask_with_trailers(
        &self,
        request: Request<Bytes>,
        trailers: Option<HeaderMap>,
    ) -> Result<Message<http::response::Parts>, h2::Error> {
        let sender = self.sender.clone();
        runtime().block_on(async move {
            let mut sender = sender.ready().await?;
            let (head, body) = request.into_parts();
            let nothing_follows = body.is_empty() && trailers.is_none();
            let (answer, mut stream) = sender.send_request(Request::from_parts(head, ()), nothing_follows)?;
            if !nothing_follows {
                send(&mut stream, body, trailers)?;
            }
            let (head, stream) = answer.await?.into_parts();
            let (body, trailers) = collect(stream).await?;
            Ok(Message { head, body, trailers })
        })
    }

    /// The sender itself, for tests that need the streams.
    pub fn sender(&self) -> SendRequest<Bytes> {
        self.sender.clone()
    }
}

/// What h2 has no room for in the window it buffers, and sends on as the window grows.
fn send(stream: &mut SendStream<Bytes>, body: Bytes, trailers: Option<HeaderMap>) -> Result<(), h2::Error> {
    let Some(trailers) = trailers else { return stream.send_data(body, true) };
    stream.send_data(body, false)?;
    stream.send_trailers(trailers)
}

async fn collect(mut stream: RecvStream) -> Result<(Bytes, Option<HeaderMap>), h2::Error> {
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        body.extend_from_slice(&data);
        stream.flow_control().release_capacity(data.len())?;
    }
    Ok((body.into(), stream.trailers().await?))
}

/// One end of a connection with ourselves for the runtime, and the other as one for h2.
pub(super) fn inside() -> (TcpStream, TcpStream) {
    let (ours, theirs) = pair();
    ours.set_nonblocking(true).expect("a socket that does not block");
    let _runtime = runtime().enter();
    (TcpStream::from_std(ours).expect("a socket of the runtime"), theirs)
}
