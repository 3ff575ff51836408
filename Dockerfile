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
    && cmake --preset release -DWAAFT_COMMIT="$COMMIT" \
    && cmake --build build/release --target waaft
# The same files as in the image of `waaft build-image --builder native`. COPY gives a folder to another owner only
# where it makes it, and keeps the mode only of what is in the folder that is copied: so /data is alone in one.
RUN build/release/cmd/waaft build-image --builder native --rootfs /image --quiet && mkdir /own && mv /image/data /own/

# For pipelines, by `docker build --target ci`: waaft and the programs that it runs. kubectl is Debian 12's
# (1.20); waaft needs of it only the configuration and the proxy, which have not changed since. What it does not know are
# programs for signing in that speak client.authentication.k8s.io/v1: where a kubeconfig has one, build an image from this
# one with that program, and with a newer kubectl in /usr/local/bin. The files of a job are another user's, to git too.
FROM debian:bookworm-slim AS ci
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends ca-certificates docker.io git kubernetes-client libcurl4 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /image /opt/waaft
RUN find /opt/waaft -name '*.so*' | while read -r file; do \
        [ -e "${file#/opt/waaft}" ] || cp "$file" /usr/local/lib/; \
    done \
    && ldconfig \
    && ln -s /opt/waaft/waaft /usr/local/bin/waaft \
    && git config --system --add safe.directory '*' \
    && waaft version

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /own /
# Health and metrics are for whoever runs the container; publish port 9090 only to them.
ENV WAAFT_DATA=/data WAAFT_OPS_ADDRESS=0.0.0.0
USER 65532:65532
EXPOSE 3000/tcp 3000/udp
ENTRYPOINT ["/waaft", "serve"]
