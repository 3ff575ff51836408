# Built in Debian, shipped as nothing but the program and the libraries that it loads.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY packages.txt ./
COPY scripts/install-packages scripts/
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends $(scripts/install-packages --list build web) \
    && rm -rf /var/lib/apt/lists/*

COPY web/package.json web/package-lock.json web/.npmrc web/
RUN npm --prefix web ci --no-progress
COPY . .
ARG COMMIT=""
RUN npm --prefix web run build \
    && cmake --preset release -DWAAFT_TESTS=OFF -DWAAFT_COMMIT="$COMMIT" \
    && cmake --build build/release --target waaft \
    && scripts/collect-files build/release/cmd/waaft /image \
    && install -d -m 0700 /data

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /data /data
# Health and metrics are for whoever runs the container; publish port 9090 only to them.
ENV WAAFT_DATA=/data WAAFT_OPS_ADDRESS=0.0.0.0
USER 65532:65532
EXPOSE 3000/tcp 3000/udp
ENTRYPOINT ["/waaft", "serve"]
