# syntax=docker/dockerfile:1
# One image for the command, which is either process, too. What is built is the same for every architecture (SQLite brings its
# binaries for all), and the last stage runs nothing: so an image for another one needs no emulation.
ARG BASE=node:24-bookworm-slim

FROM --platform=$BUILDPLATFORM ${BASE} AS page
WORKDIR /foreman
ENV CI=true
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml tsconfig.json ./
COPY apps apps
COPY packages packages
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store \
    npx --yes pnpm@12.21.0 install --frozen-lockfile --prod --filter '@foreman/dashboard...' \
 && node apps/dashboard/scripts/build.ts

FROM --platform=$BUILDPLATFORM ${BASE} AS build
WORKDIR /foreman
ENV CI=true
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/packages.mjs scripts/
COPY apps apps
COPY packages packages
COPY --from=page /foreman/apps/dashboard/dist apps/dashboard/dist
# What the command and its processes import, and no more: no development tools, not the Node of a checkout, and no sources.
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store \
    npx --yes pnpm@12.21.0 install --frozen-lockfile --prod \
      --filter '@foreman/cli...' \
 && compiler="typescript@$(node -p 'require("./package.json").devDependencies.typescript')" \
 && npx --yes --package="$compiler" node scripts/build.mjs \
 && rm -rf apps/dashboard apps/*/src packages/*/src scripts
# Its mode is copied with it, which that of a directory named in COPY is not.
RUN mkdir -p /root-of-image && mkdir -m 700 /root-of-image/data

FROM ${BASE}
WORKDIR /foreman
COPY --from=build --chown=node:node /root-of-image /
COPY --from=build /foreman ./
COPY LICENSE ./
# So that `docker compose exec gateway foreman status` works, too.
COPY --chmod=755 <<'EOF' /usr/local/bin/foreman
#!/bin/sh
exec node -C @foreman/source /foreman/build/apps/cli/src/main.js "$@"
EOF
# Look-ups may take half of these threads: enough for two names of webhook receivers and for everything else.
ENV UV_THREADPOOL_SIZE=8
ENV NODE_ENV=production \
    FOREMAN_DB_PATH=/data/foreman.db
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["foreman", "healthcheck", "gateway"]
ENTRYPOINT ["foreman"]
CMD ["gateway"]
# Last, because they differ from build to build. docs/deployment.md has the command that fills them in.
ARG BASE
ARG VERSION=
ARG REVISION=
ARG CREATED=
ARG SOURCE=
LABEL org.opencontainers.image.title="foreman" \
      org.opencontainers.image.description="A queued, durable job endpoint in front of one Ollama server" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="docker.io/library/${BASE}"
