/** Text from anywhere in XML and HTML, so that it stays text. */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/** What XML 1.0 has no way to say (controls, halves of surrogate pairs, non-characters), and what reorders text around it. */
const UNSAYABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu

export const escaped = (text: string): string =>
  text.replace(UNSAYABLE, "\ufffd").replace(/[&<>"']/g, (character) => entities[character]!)
