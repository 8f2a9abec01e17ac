# The agent: its key is mounted as a secret file, its answers go to the volume /research.
#
#   docker build -f examples/deploy/research-agent.Dockerfile -t research-agent .     (at the root of the repository)

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --locked --release --package research-agent \
    && cp target/release/research-agent /research-agent && mkdir /data

# It has the C library and the certificate authorities, no shell, and a user that is not root.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /research-agent /usr/local/bin/research-agent
COPY --from=build --chown=nonroot:nonroot /data /research
ENV RESEARCH_DIR=/research
VOLUME /research
USER nonroot
ENTRYPOINT ["/usr/local/bin/research-agent"]
