# syntax=docker/dockerfile:1

# The Node.js that "npm ci" brings to everybody else (a test compares), on a Debian by its name. Not by digest: Debian's
# fixes come as a rebuild of the same tag, and the provenance of a published image says which digest it was built on.
# To hold one: --build-arg NODE_IMAGE=node:26.10.0-trixie-slim@sha256:…
ARG NODE_IMAGE=node:26.10.0-trixie-slim

# JavaScript only (a test looks for native code): on the machine's own platform, whatever the image is for.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: the image brings its Node.js, and nothing else needs one.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev --omit=optional --omit=peer
# Half of it, and nothing at run time reads them. Licences stay.
RUN find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npx nest build \
  && find dist -type f \( -name '*.map' -o -name .tsbuildinfo \) -delete \
  && mv dist/sandbox sandbox

FROM ${NODE_IMAGE} AS production
# They win over "server" in a configuration, so that EXPOSE and HEALTHCHECK are right whatever it says.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
# What changes least comes first.
COPY --from=dependencies /app/node_modules ./node_modules
COPY LICENSE package.json scripts/health-check.mjs ./
COPY --from=build /app/dist ./dist
# Numeric, so that Kubernetes can check runAsNonRoot; it is the image's user "node", who owns nothing here.
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
  CMD ["node", "health-check.mjs"]
# Exec form: the process itself gets the signal, and a shell would not pass it on.
ENTRYPOINT ["node", "dist/main.js"]
# Last: a new revision takes every layer from the cache.
ARG NODE_IMAGE
ARG SOURCE=""
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sluice" \
  org.opencontainers.image.description="One streaming API in front of many LLM backends" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="docker.io/library/${NODE_IMAGE}"

# Only for "--target sandbox".
FROM production AS sandbox
# aimock has no dependencies of its own.
COPY --from=build /app/node_modules/@copilotkit ./node_modules/@copilotkit
COPY --from=build /app/sandbox ./dist/sandbox
COPY config/sandbox.yaml ./config/
# What is read when SLUICE_CONFIG is not set.
CMD ["config/sandbox.yaml"]

# The last stage is what is built when nobody names one.
FROM production
