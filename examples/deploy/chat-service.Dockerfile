# The chat service.
#
#   docker build -f examples/deploy/chat-service.Dockerfile -t chat-service .     (at the root of the repository)

FROM rust:1.95-slim-bookworm AS build
# Stores to build in, such as "aws azure".
ARG FEATURES=""
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --locked --release --package chat-service --features "$FEATURES" \
    && cp target/release/chat-service /chat-service

# It has the C library and the certificate authorities, no shell, and a user that is not root.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /chat-service /usr/local/bin/chat-service
# In a container all addresses are its own.
ENV BIND_ADDRESS=0.0.0.0
EXPOSE 8010
USER nonroot
ENTRYPOINT ["/usr/local/bin/chat-service"]
