# The app as an image: not root, nothing of it writable, no network needed at run time.
#
#   docker build -t ctseg .
#   docker run --rm --read-only --tmpfs /tmp:size=8g --cap-drop ALL --security-opt no-new-privileges \
#     --memory 16g -p 7860:7860 -v ctseg-data:/data ctseg
#
# `make space` carries out these steps on a machine without Docker: scripts/checks/run_space.py reads them from this file.
FROM python:3.11.14-slim-bookworm

# Bytes that go to a log appear at once; nothing is compiled into a folder that cannot be written.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

RUN useradd --create-home --uid 1000 user && install --directory --owner user /data
WORKDIR /app
COPY requirements.txt .
RUN python -m pip install --no-cache-dir --compile -r requirements.txt
COPY app.py LICENSE NOTICE ./
COPY weights weights
COPY leaderboard leaderboard
COPY ctseg ctseg
RUN python -m compileall -q ctseg

USER user
ENV HOME=/home/user PORT=7860 GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_TEMP_DIR=/tmp/gradio CTSEG_CACHE=/tmp/ctseg HF_HOME=/tmp/huggingface CTSEG_STORE=/data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s \
    CMD python -c "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=9)"
CMD ["python", "app.py"]
