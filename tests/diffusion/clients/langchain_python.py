"""LangChain's wrapper for Python: it chooses DALL·E 2, asks for no format and wants links."""

from urllib.request import urlopen

from langchain_community.utilities.dalle_image_generator import DallEAPIWrapper

for wrapper in (DallEAPIWrapper(n=2), DallEAPIWrapper(model="dall-e-3", quality="hd")):
    links = wrapper.run("a red fox").split("\n")
    assert len(links) == wrapper.n
    for link in links:
        with urlopen(link) as response:
            assert response.headers["Content-Type"] == "image/png"
            assert response.read().startswith(b"\x89PNG\r\n")
