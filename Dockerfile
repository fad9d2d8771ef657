# The same server as `make run`, in an image: docker build -t assimilab . && docker run -p 5006:5006 assimilab
FROM python:3.11-slim

# libgomp1: the OpenMP library that numerical wheels load and slim images lack. ffmpeg: writes films of forecasts.
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg libgomp1 make && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home assimilab && mkdir /app /data /home/assimilab/shared && chown assimilab /app /data /home/assimilab/shared
USER assimilab
WORKDIR /app

COPY --chown=assimilab requirements.txt Makefile ./
RUN make setup

COPY --chown=assimilab app.py ./
COPY --chown=assimilab backends backends
COPY --chown=assimilab dashboard dashboard
COPY --chown=assimilab assets assets

# Fields to look at are mounted here: -v /my/fields:/data:ro
ENV ASSIMILAB_DATA=/data PYTHONMALLOC=malloc PYTHONUNBUFFERED=1
EXPOSE 5006
HEALTHCHECK --interval=30s --timeout=5s --start-period=40s \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5006/status.json', timeout=4)"]

# Inside a container loopback is the container's own; publish the port to decide who may come.
CMD ["make", "--silent", "run", "ARGS=--address 0.0.0.0"]
