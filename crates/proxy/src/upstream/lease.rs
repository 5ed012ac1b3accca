//! What an answer holds until its body is over.

use http::{Response, Version};

use super::connection::Connection;
use super::origins::Place;
use super::tap::Tap;
use crate::http2::Arrived;
use crate::incoming::Incoming;

/// A place at the origin, and the connection on which the answer comes. When it is dropped both are there for others.
#[derive(Debug)]
pub(crate) struct Lease {
    place: Place,
    connection: Option<Connection>,
    /// What came of the body, where it has a stream to itself.
    arrived: Option<Arrived>,
    is_reusable: bool,
}

impl Lease {
    pub(super) fn new(place: Place, connection: Connection, response: &Response<Incoming>) -> Self {
        // hyper would send the next request on the connection of an HTTP/1.0 origin as HTTP/1.0, and drop a body of unknown
        // length without a word; each request is to go out in our own version (RFC 9110 2.5).
        let is_reusable = response.version() >= Version::HTTP_11;
        Self { place, connection: Some(connection), arrived: response.body().arrived(), is_reusable }
    }

    /// A look at what it comes over.
    pub(crate) fn tap(&self) -> Option<Tap> {
        let arrived = || self.arrived.clone().map(Tap::Stream);
        self.connection.as_ref().and_then(Connection::tap).or_else(arrived)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take().filter(|_| self.is_reusable) {
            self.place.keep(connection);
        }
    }
}
