"""What says in a picture's file that AI made it: IPTC's digital source type as XMP, and a text.

Pure. PNG, JPEG and WebP files have both, whatever else they carry.
"""

AI_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's and C2PA's name of media that a trained model made."""

SOFTWARE = "Darkroom (AI-generated picture)"
"""The PNG text `Software`, and EXIF's."""

PNG_SOFTWARE_KEY = "Software"
PNG_XMP_KEY = "XML:com.adobe.xmp"
"""The PNG text that has the XMP packet."""

XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="Darkroom"
    Iptc4xmpExt:DigitalSourceType="{AI_SOURCE_TYPE}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
"""The XMP packet, the same in every picture."""
