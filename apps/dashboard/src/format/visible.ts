const ESCAPED =
  /[\u0080-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
// eslint-disable-next-line no-control-regex -- these are what it is about
const CONTROLS = /[\0-\u0008\u000b-\u001f\u007f]/g
const PICTURES = 0x2400
const PICTURE_OF_DELETE = '␡'

/**
 * A text of somebody else as it can be shown: what would hide, turn round or move something is a picture (`␛`) or its number
 * (`⟨U+202E⟩`). Lines and tabs stay.
 */
export const visible = (text: string): string =>
  text
    .replace(/\r\n/g, '\n')
    .replace(CONTROLS, character =>
      character === '\u007f' ? PICTURE_OF_DELETE : String.fromCharCode(PICTURES + character.charCodeAt(0)),
    )
    .replace(
      ESCAPED,
      character => `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`,
    )
