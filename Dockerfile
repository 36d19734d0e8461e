# docker run --rm --read-only --tmpfs /tmp --cap-drop ALL -p 127.0.0.1:8123:8123 -v "$PWD/token.txt:/run/token.txt:ro" dosimetry
FROM python:3.12-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt ".[planner]" && useradd --system planner
USER planner
WORKDIR /
ENV PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=/tmp
EXPOSE 8123
HEALTHCHECK CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8123/health', timeout=5)"]
CMD ["dosimetry", "planner", "--no-browser", "--host", "0.0.0.0", "--port", "8123", "--token-file", "/run/token.txt"]
