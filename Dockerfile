# One image for the bot and for inference; docker-compose.yml says which is which.
FROM python:3.11-slim

# DARKROOM_COMPILE has kernels built where they run.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc g++ libc6-dev \
    && rm -rf /var/lib/apt/lists/*

# Pictures and models from the hub lie in volumes; the process needs no right to anything else.
RUN useradd --create-home darkroom && install -d -o darkroom /app/data /home/darkroom/.cache
WORKDIR /app

# By default torch comes with CUDA. An index with its builds for processors makes the image of a
# machine without a GPU several gigabytes smaller.
ARG TORCH_INDEX=

# What changes rarely comes first, so that a change of the code does not install torch again.
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > /tmp/dependencies.txt \
    && pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
        -c constraints.txt -r /tmp/dependencies.txt

COPY bot bot
COPY diffusion diffusion
COPY storage storage
COPY playground playground
RUN pip install --no-cache-dir --no-deps -c constraints.txt .

USER darkroom
ENTRYPOINT ["darkroom"]
