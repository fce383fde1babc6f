# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches keep compiled dependencies between builds; the binary is copied out because they are no part of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package vitrine-api \
    && cp target/release/vitrine /usr/local/bin/vitrine

FROM debian:bookworm-slim
# Certificates are for the keys and telemetry that are fetched or sent over HTTPS.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home vitrine \
    && install --directory --owner=vitrine --group=vitrine /data
COPY --from=build /usr/local/bin/vitrine /usr/local/bin/vitrine
USER vitrine
WORKDIR /data
ENV VITRINE__HTTP__ADDRESS=0.0.0.0:8080 \
    VITRINE__DATA_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["vitrine", "health"]
ENTRYPOINT ["vitrine"]
CMD ["serve"]
