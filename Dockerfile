# syntax=docker/dockerfile:1

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: the image brings its Node.js, and nothing else needs one.
RUN npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
# Optional peers, too: aimock names the test runner as one.
RUN npm run build && npm prune --omit=dev --omit=optional --omit=peer --ignore-scripts

FROM node:26-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Numeric, so that Kubernetes can check runAsNonRoot; it is the image's user "node".
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
# Exec form: the process itself gets the signal, and a shell would not pass it on.
ENTRYPOINT ["node", "dist/main.js"]
