# The memory service: what it remembers is in the volume /data, unless a sidecar keeps it.
#
#   docker build -f examples/deploy/memory-service.Dockerfile -t memory-service .     (at the root of the repository)

FROM rust:1.95-slim-bookworm AS build
# Stores to build in, such as "aws azure".
ARG FEATURES=""
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --locked --release --package memory-service --features "$FEATURES" \
    && cp target/release/memory-service /memory-service && mkdir /data

# It has the C library and the certificate authorities, no shell, and a user that is not root.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /memory-service /usr/local/bin/memory-service
COPY --from=build --chown=nonroot:nonroot /data /data
WORKDIR /data
VOLUME /data
# In a container all addresses are its own.
ENV BIND_ADDRESS=0.0.0.0
EXPOSE 8001
USER nonroot
ENTRYPOINT ["/usr/local/bin/memory-service"]
