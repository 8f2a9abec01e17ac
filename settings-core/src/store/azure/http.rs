//! The HTTP clients that the SDK sends with.

use std::sync::Arc;
use std::time::Duration;

use azure_core::http::{ClientOptions, RetryOptions, Transport};
use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use crate::store::StoreError;

/// How long a vault or the sign-in service may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// How long an endpoint of this machine may. Where there is none, as on a laptop, nobody answers.
const CONNECT_LOCAL: Duration = Duration::from_secs(1);

/// How requests are sent. None is tried again here: the load does that, with a deadline over all.
#[derive(Clone)]
pub(super) struct Http {
    options: ClientOptions,
    /// Whether they were given in code. Then they are for all.
    is_given: bool,
}

impl Http {
    /// A client with a time-out that suits a program's start; an isolated one does not ask the environment for proxies.
    pub(super) fn new(isolated: bool) -> Result<Self, StoreError> {
        let client = if isolated { client(CONNECT).no_proxy() } else { client(CONNECT) };
        Ok(Self { options: send(client)?, is_given: false })
    }

    /// As these options say.
    pub(super) fn given(options: &ClientOptions) -> Self {
        Self { options: ClientOptions { retry: RetryOptions::none(), ..options.clone() }, is_given: true }
    }

    /// To vaults and the sign-in service.
    pub(super) fn cloud(&self) -> ClientOptions {
        self.options.clone()
    }

    /// To what gives out the tokens of managed identities, which is no farther than the host of this machine.
    pub(super) fn local(&self) -> Result<ClientOptions, StoreError> {
        if self.is_given {
            return Ok(self.cloud());
        }
        // Plain HTTP, so there is no need to read the system's roots, which takes a while.
        send(client(CONNECT_LOCAL).no_proxy().tls_certs_only([]))
    }
}

/// As the SDK's own client, but for the time: it would wait 20 s for a connection.
fn client(connect: Duration) -> ClientBuilder {
    reqwest::Client::builder().connect_timeout(connect).redirect(Policy::none())
}

fn send(client: ClientBuilder) -> Result<ClientOptions, StoreError> {
    let client = client.build().map_err(|_| StoreError::unreachable().because("this machine has no TLS roots"))?;
    let transport = Some(Transport::new(Arc::new(client)));
    Ok(ClientOptions { transport, retry: RetryOptions::none(), ..Default::default() })
}
