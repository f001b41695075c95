# One image for the bot and for inference; docker-compose.yml says which is which.

# With a digest behind it (python:3.11-slim@sha256:…) it is the same image every time.
ARG PYTHON_IMAGE=python:3.11-slim
FROM ${PYTHON_IMAGE}

# DARKROOM_COMPILE has kernels built where they run.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc g++ libc6-dev \
    && rm -rf /var/lib/apt/lists/*

# Pictures and models from the hub lie in volumes; the process needs no right to anything else.
RUN useradd --create-home darkroom && install -d -o darkroom /app/data /home/darkroom/.cache
WORKDIR /app

# By default torch comes with CUDA. An index with its builds for processors makes the image of a
# machine without a GPU several gigabytes smaller. Its hashes are not PyPI's: TORCH_HASH
# (sha256:…, of the one file) is checked where it is given; else only the version is held.
ARG TORCH_INDEX=
ARG TORCH_HASH=

# What changes rarely comes first, so that a change of the code does not install torch again.
# Nothing is installed that is not in these files, with its hash.
COPY requirements.lock requirements-torch.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
RUN if [ -z "$TORCH_INDEX" ]; then \
        pip install --no-cache-dir --no-deps --require-hashes -r requirements-torch.lock; \
    else \
        grep -o '^torch==[0-9.]*' requirements-torch.lock \
            | sed "s/\$/${TORCH_HASH:+ --hash=$TORCH_HASH}/" > /tmp/torch.txt \
        && pip install --no-cache-dir --no-deps --index-url "$TORCH_INDEX" -r /tmp/torch.txt; \
    fi

# With anything in it, the image can run `darkroom fleet` and be a machine of a Ray cluster.
ARG FLEET=
COPY requirements-fleet.lock ./
RUN if [ -n "$FLEET" ]; then \
        pip install --no-cache-dir --no-deps --require-hashes -r requirements-fleet.lock; \
    fi

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY bot bot
COPY classifier classifier
COPY diffusion diffusion
COPY storage storage
COPY playground playground
# setuptools is that of the lock too; then all that is needed must be there.
RUN pip install --no-cache-dir --no-deps --no-index --no-build-isolation . && pip check

USER darkroom
ENTRYPOINT ["darkroom"]
