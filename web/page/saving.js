/** Saves what is shown. A PNG says inside that a trained model composed it, in the words of IPTC and as Python's does. */

import { crc32 } from "../itg/checksum.js";

const SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
const HEAD = 33; // bytes of a PNG up to the end of its first chunk

const xmp = (decoder) => `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <xmp:CreatorTool>Intaglio, decoder ${decoder}</xmp:CreatorTool>
   <Iptc4xmpExt:DigitalSourceType>${SOURCE}</Iptc4xmpExt:DigitalSourceType>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>`;

export function download(name, blob) {
  const href = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { download: name, href }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

export async function downloadPng(name, canvas, decoder) {
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const body = new TextEncoder().encode(`iTXtXML:com.adobe.xmp\0\0\0\0\0${xmp(decoder)}`);
  const chunk = new Uint8Array(body.length + 8), view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(body.length + 4, crc32(0, body));
  download(name, new Blob([blob.slice(0, HEAD), chunk, blob.slice(HEAD)], { type: "image/png" }));
}
