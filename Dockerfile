# One image for the bot and for inference; docker-compose.yml says which is which.
FROM python:3.11-slim

# The bot keeps its pictures in a volume and needs no right to anything else.
RUN useradd --create-home darkroom && install -d -o darkroom /app/data
WORKDIR /app

# What changes rarely comes first, so that a change of the code does not install torch again.
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > /tmp/dependencies.txt \
    && pip install --no-cache-dir -c constraints.txt -r /tmp/dependencies.txt

COPY bot bot
COPY diffusion diffusion
COPY storage storage
COPY playground playground
RUN pip install --no-cache-dir --no-deps -c constraints.txt .

USER darkroom
ENTRYPOINT ["darkroom"]
