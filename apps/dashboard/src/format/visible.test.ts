import { expect, test } from 'vitest'
import { visible } from './visible.ts'

test.each([
  ['plain text, 日本語 and 👩‍👩‍👧', 'plain text, 日本語 and 👩‍👩‍👧'],
  ['two\r\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['\u001b[31m red\u001b[0m\u0007', '␛[31m red␛[0m␇'],
  ['a\u007fb\rc\0', 'a␡b␍c␀'],
  ['user\u202etxt.exe', 'user⟨U+202E⟩txt.exe'],
  ['\u2066isolated\u2069\u200b', '⟨U+2066⟩isolated⟨U+2069⟩⟨U+200B⟩'],
  ['\u{e0041}', '⟨U+E0041⟩'],
  ['<script>alert(1)</script>', '<script>alert(1)</script>'],
])('%j is shown as %j', (text, shown) => {
  expect(visible(text)).toBe(shown)
})
