# syntax=docker/dockerfile:1
# The program alone in an empty image: one file without a shared library, and the certificates by which it
# knows brokers. No shell, no package manager, nothing to keep up to date but the program itself.
#
#   docker build -t tidvakt .
#   docker run --rm tidvakt --version
#
# `tests/ops/image.sh` builds the program in the same way, without an engine, and runs it.

FROM docker.io/library/rust:1.95-slim-bookworm AS build
# musl links into one file what Debian's C library would load; OpenSSL's build wants perl and make.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates make musl-tools perl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# Set by BuildKit to the machine that the image is for: no cross-building, each is built on its own kind.
ARG TARGETARCH=amd64
# The caches outlive the build, so the program is copied out of them, without its tables of lines.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    case "$TARGETARCH" in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) exit 64 ;; esac \
    && rustup target add "$machine-unknown-linux-musl" \
    && cargo build --locked --release --features static --target "$machine-unknown-linux-musl" \
    && install -D -s "target/$machine-unknown-linux-musl/release/tidvakt" /image/tidvakt

FROM scratch
LABEL org.opencontainers.image.title="tidvakt" \
      org.opencontainers.image.description="Watches home-care time registrations and proposes, before the payout run, which minutes to look at" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /image/tidvakt /tidvakt
# Nobody's: it owns no file here, and writes none.
USER 65532:65532
EXPOSE 9464
ENTRYPOINT ["/tidvakt"]
CMD ["run"]
