//! How far a token goes: to this machine, or over TLS to a server whose certificate is trusted, and to no other host.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use serde_json::json;
use settings_core::store::{SecretKey, StoreErrorKind::*, Vault};
use settings_tests::Secrets;
use settings_tests::fault::{Fault, FaultProxy, Nobody, When};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::bao::{note, one, text};

fn key() -> SecretKey {
    SecretKey::new("PASSWORD").named("db")
}

/// A server that has one secret.
fn server() -> FaultProxy {
    let server = FaultProxy::http(&Nobody::new().address());
    let secret = json!({"data": {"data": {"password": "p"}, "metadata": {"version": 1}}});
    server.inject(When::request("GET", "/v1/secret/data/db"), Fault::json(200, &secret));
    server
}

#[test]
fn plain_http_stays_on_this_machine() {
    let refused = "plain http to another machine would show the token to everybody between: use https, or set \
                   VAULT_ALLOW_HTTP=1";
    for elsewhere in [
        "http://vault.invalid:8200",
        "http://10.0.0.1:8200",
        "http://localhost.invalid",
        "http://127.0.0.1.invalid",
        "http://127.0.0.1@vault.invalid",
        "HTTP://vault.invalid",
    ] {
        let vault = Vault::new(elsewhere).token("test-token");
        assert_eq!(note(&vault, &key()), (Misconfigured, refused.to_owned()), "{elsewhere}");
    }
    let allowed = Vault::new("http://vault.invalid:8200").token("test-token").allow_http();
    assert_eq!(note(&allowed, &key()), (Unreachable, "its name cannot be resolved".to_owned()));
    let server = server();
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    for here in [format!("http://localhost:{port}"), format!("http://127.0.0.1:{port}/")] {
        assert_eq!(text(one(&Vault::new(&here).token("test-token"), &key())), "p", "{here}");
    }
    // Nobody listens there, so it was tried.
    let other = Vault::new(format!("http://[::1]:{port}")).token("test-token");
    assert_eq!(note(&other, &key()).0, Unreachable);
}

#[test]
fn an_address_that_is_none() {
    for address in ["", "vault.example.com:8200", "127.0.0.1:8200", "ftp://vault.example.com", "https://", "/v1"] {
        let vault = Vault::new(address).token("test-token");
        let expected = "its address does not begin with `https://` or `http://` and a host";
        assert_eq!(note(&vault, &key()), (Misconfigured, expected.to_owned()), "{address}");
    }
}

#[test]
fn a_redirect_takes_the_token_to_no_other_host() {
    let (server, other) = (server(), server());
    let to = |location: &str| Fault::answer(307, "text/plain", "").with_header("location", location);
    let vault = Vault::new(server.address()).token("test-token");

    server.clear_faults();
    server.inject(When::any(), to(&format!("{}/v1/secret/data/db", other.address())));
    let told = "HTTP 307: it sends to another host, where a token must not go";
    assert_eq!(note(&vault, &key()), (Misconfigured, told.to_owned()));
    assert_eq!(other.seen().len(), 0);

    server.clear_faults();
    server.inject(When::any().first(1), to("/v1/elsewhere"));
    let secret = json!({"data": {"data": {"password": "moved"}, "metadata": {"version": 1}}});
    server.inject(When::request("GET", "/v1/elsewhere"), Fault::json(200, &secret));
    assert_eq!(text(one(&vault, &key())), "moved");
    assert_eq!(server.seen().last().unwrap().header("x-vault-token"), Some("test-token"));

    server.clear_faults();
    server.inject(When::any(), to("/v1/round"));
    server.forget_calls();
    assert_eq!(note(&vault, &key()).0, Misconfigured);
    assert_eq!(server.seen().len(), 4, "the request and three redirects");
}

#[test]
fn loads_one_after_another_use_one_connection() {
    let server = server();
    let vault = Vault::new(server.address()).token("test-token");
    (0..200).for_each(|_| assert_eq!(text(one(&vault, &key())), "p"));
    assert_eq!((server.connections(), server.seen().len()), (1, 200));
}

#[test]
fn only_authorities_that_are_named_are_trusted() {
    let (plain, tls, stranger) = (server(), Authority::new(), Authority::new());
    let address = tls.in_front_of(&plain);
    let files =
        Secrets::new([("ca.pem", tls.pem()), ("stranger.pem", stranger.pem()), ("none.pem", "none".to_owned())]);
    let vault = || Vault::new(&address).token("test-token");

    assert_eq!(text(one(&vault().ca_cert(files.join("ca.pem")), &key())), "p");
    let untrusted = "its certificate is not trusted";
    assert_eq!(note(&vault(), &key()), (Unreachable, untrusted.to_owned()));
    assert_eq!(note(&vault().ca_cert(files.join("stranger.pem")), &key()), (Unreachable, untrusted.to_owned()));
    assert_eq!(plain.seen().len(), 1, "nothing was sent before the certificate was checked");

    let told = "the file of its authorities holds no certificate in PEM";
    assert_eq!(note(&vault().ca_cert(files.join("none.pem")), &key()), (Misconfigured, told.to_owned()));
    let told = "the file of its authorities, VAULT_CACERT: no such file";
    assert_eq!(note(&vault().ca_cert(files.join("absent.pem")), &key()), (Misconfigured, told.to_owned()));
    let no_tls = Vault::new(plain.address().replace("http:", "https:")).token("test-token");
    assert_eq!(note(&no_tls, &key()), (Unreachable, "it does not speak TLS as it should".to_owned()));
}

/// An authority for certificates, and a server of this machine that has one of them.
pub(crate) struct Authority {
    certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = rcgen::CertificateParams::new([]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), issuer: rcgen::Issuer::new(params, key) }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// The address of one that takes TLS away, and passes the rest on. It is there as long as the test.
    pub(crate) fn in_front_of(&self, server: &FaultProxy) -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let behind: SocketAddr = server.address().strip_prefix("http://").unwrap().parse().unwrap();
        std::thread::spawn(move || crate::run(pass_on(listener, acceptor, behind)));
        format!("https://{address}")
    }
}

async fn pass_on(listener: TcpListener, acceptor: TlsAcceptor, behind: SocketAddr) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut behind = tokio::net::TcpStream::connect(behind).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
        });
    }
}
