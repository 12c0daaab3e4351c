# The server and the web reader. Run it with a read-only root:
#
#   docker build -t intaglio . && docker run --read-only -p 127.0.0.1:8765:8765 intaglio

FROM node:22-bookworm-slim AS runtime
WORKDIR /web
COPY web/package.json .
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim-bookworm AS build
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE THIRD_PARTY_NOTICES.md ./
COPY src src
COPY scripts/build_web.py scripts/
COPY web web
COPY --from=runtime /web/node_modules web/node_modules
RUN python -m venv /opt/intaglio \
 && /opt/intaglio/bin/pip install --no-cache-dir --constraint constraints.txt '.[serve,barcode]' \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --constraint constraints.txt . onnx \
 && /opt/build/bin/python scripts/build_web.py \
 && mkdir /page && cp -r web/index.html web/app.js web/style.css web/offline.js web/itg web/page web/models /page

FROM python:3.13-slim-bookworm
COPY --from=build /opt/intaglio /opt/intaglio
COPY --from=build /page /page
ENV PYTHONDONTWRITEBYTECODE=1
USER 65534:65534
EXPOSE 8765
HEALTHCHECK CMD ["/opt/intaglio/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/healthz', timeout=3)"]
ENTRYPOINT ["/opt/intaglio/bin/intaglio", "serve", "--host", "0.0.0.0", "--page", "/page"]
