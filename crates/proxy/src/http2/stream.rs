//! One stream of a client: a request, the exchange it begins, and the response.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::uri::Scheme;
use http::{Method, Request, Response};
use hyper::body::Body;

use super::client_stream::ClientStream;
use super::sending::{self, Stopped};
use super::{Http1Wanted, drop_connection_fields, request};
use crate::access::Caller;
use crate::body::OutBody;
use crate::client::Client;
use crate::exchange::{self, Around};
use crate::incoming::SenderError;
use crate::intercept::Secure;
use crate::life::Member;
use crate::patience::Awaited;
use crate::relay::BodyError;
use crate::{Limits, Shared, answer, date, framing};

/// What holds for all streams of a connection.
#[derive(Debug, Clone)]
pub(super) struct OfConnection {
    pub(super) shared: Arc<Shared>,
    pub(super) life: Member,
    pub(super) caller: Caller,
    /// Where it was opened: to whom it goes.
    pub(super) secure: Option<Arc<Secure>>,
}

/// Answers the request on a stream, unless the client resets it before.
pub(super) async fn serve(request: Request<RecvStream>, respond: SendResponse<Bytes>, connection: OfConnection) {
    let client = Arc::new(ClientStream::new(respond));
    let mut work = pin!(converse(request, &client, connection));
    std::future::poll_fn(|cx| {
        client.next_turn();
        work.as_mut().poll(cx)
    })
    .await;
}

async fn converse(request: Request<RecvStream>, client: &Arc<ClientStream>, connection: OfConnection) {
    let OfConnection { shared, life, caller, secure } = connection;
    let scheme = if secure.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
    let around = Arc::new(Around { shared, life, caller, secure, client: Client::Http2(Arc::clone(client)) });
    let limits = &around.shared.limits;
    let method = request.method().clone();
    let answered = async {
        match request::read(request, &scheme, limits, client) {
            Ok(inbound) => exchange::serve(inbound, &around).await,
            Err(error) => answer::error_page(&error),
        }
    };
    let response = tokio::select! {
        // What its origin says goes before what has been waited for.
        biased;
        response = Box::pin(answered) => response,
        () = std::future::poll_fn(|cx| client.poll_reset(cx)) => return,
        () = keep_looking(client, limits) => return,
    };
    respond(response, &method, client, &around).await;
}

/// Has the exchange look when its wait for an answer is over.
async fn keep_looking(client: &ClientStream, limits: &Limits) {
    let shortest = limits.response_head.min(limits.body_silence);
    loop {
        if client.patience.look(shortest).await == Some(Awaited::Answer) {
            // The task goes on, and the exchange, which is asked first, ends the wait.
            tokio::task::yield_now().await;
        }
    }
}

/// Sends the response. One that breaks off ends in a reset, so that it is not taken for a whole one (RFC 9113 8.1).
async fn respond(mut response: Response<OutBody>, method: &Method, client: &ClientStream, around: &Arc<Around>) {
    if response.extensions().get::<Http1Wanted>().is_some() {
        return client.reset(Reason::HTTP_1_1_REQUIRED);
    }
    response.body_mut().goes_to(Arc::clone(around), false);
    let (parts, mut body) = response.into_parts();
    let is_all = framing::is_contentless(method, parts.status) || body.is_end_stream();
    let mut head = Response::new(());
    *head.status_mut() = parts.status;
    *head.headers_mut() = parts.headers;
    drop_connection_fields(head.headers_mut());
    // Of those that are made here, as hyper does in HTTP/1.
    date::record(head.headers_mut());
    if !framing::is_contentless(method, parts.status)
        && let Some(length) = body.size_hint().exact()
    {
        head.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    let mut stream = match client.send(head, is_all) {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!(%error, "a response found no stream"),
    };
    if is_all {
        return;
    }
    if let Err(stopped) = sending::send(&mut body, &mut stream, around.shared.limits.body_silence).await {
        tracing::debug!(%stopped, "a response broke off");
        match stopped {
            Stopped::Body(error) => stream.send_reset(reason(&error)),
            Stopped::Stalled(_) => stream.send_reset(Reason::CANCEL),
            Stopped::NoStream => {}
        }
    }
}

/// What an origin said when it broke off its response, where the client may know it as it is; that the request was not
/// begun is no longer true, nor is that all is well.
fn reason(error: &BodyError) -> Reason {
    let said = match error {
        BodyError::Sender(SenderError::Http2(error)) if error.is_reset() && error.is_remote() => error.reason(),
        _ => None,
    };
    said.filter(|said| !matches!(*said, Reason::NO_ERROR | Reason::REFUSED_STREAM)).unwrap_or(Reason::INTERNAL_ERROR)
}
