import { expect, test } from 'vitest'
import { readFormRequest } from './form-request.ts'

const PATH = '/v1/audio/transcriptions'
const TYPE = 'multipart/form-data; boundary=b'

const field = (name: string, value: string, more = '') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
const MODEL = field('model', 'plain')
const FILE = field('file', 'RIFF\r\n\r\n--bits\r\n', '; filename="a.wav"\r\nContent-Type: audio/wav')
const END = '--b--\r\n'

const read = (body: string | Buffer, { path = PATH, contentType = TYPE } = {}) =>
  readFormRequest({ path, contentType, body: typeof body === 'string' ? Buffer.from(body, 'latin1') : body })

// Compared with what `FormValue` of Go 1.26 returns.
test.each<[what: string, body: string, options: object | undefined, model: string]>([
  ['a field before the file', MODEL + FILE + END, undefined, 'plain'],
  ['a field behind the file', FILE + MODEL + END, undefined, 'plain'],
  ['the first of two fields', MODEL + field('model', 'other') + END, undefined, 'plain'],
  ['no end of line behind the last boundary', MODEL + '--b--', undefined, 'plain'],
  ['an epilogue', MODEL + END + 'more', undefined, 'plain'],
  ['spaces behind a boundary', MODEL.replace('--b\r\n', '--b \t\r\n') + END, undefined, 'plain'],
  ['a name without quotes', MODEL.replace('"model"', 'model') + END, undefined, 'plain'],
  [
    'headers in another case',
    MODEL.replace(/^.*: form-data/m, 'content-DISPOSITION:FORM-data') + END,
    undefined,
    'plain',
  ],
  [
    'an encoding that encodes nothing',
    MODEL.replace('Content', 'Content-Transfer-Encoding: 8bit\r\nContent') + END,
    undefined,
    'plain',
  ],
  [
    'a file name in two forms',
    field('file', 'x', `; filename="a\\"b"; filename*=UTF-8''a%22b`) + MODEL + END,
    undefined,
    'plain',
  ],
  [
    'an empty field before a boundary without an end of line',
    FILE + '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + MODEL + END,
    undefined,
    'plain',
  ],
  ['a value that begins like a boundary', field('model', '--bx') + END, undefined, '--bx'],
  ['spaces around a value', field('model', ' plain ') + END, undefined, 'plain'],
  [
    'a quoted boundary',
    MODEL + END,
    { contentType: 'Multipart/Form-Data; charset=utf-8; Boundary="b"' },
    'plain',
  ],
  ['a field of the query', MODEL + END, { path: `${PATH}?mo%64el=a+b&model=c` }, 'a b'],
  ['a field of the query with another name', MODEL + END, { path: `${PATH}??model=c` }, 'plain'],
])('the model is read: %s', async (_, body, options, model) => {
  expect(await read(body, options)).toMatchObject({ model, stream: false, isLoad: false, isUnload: false })
})

test.each([
  [MODEL + END, false],
  [MODEL + field('response_format', 'json') + END, false],
  [MODEL + field('response_format', 'text') + END, true],
])('%j asks for text: %s', async (body, answersInText) => {
  expect(await read(body)).toMatchObject({ answersInText })
})

test.each<[what: string, body: string, path?: string]>([
  ['no field', END],
  ['another field', field('Model', 'plain') + END],
  ['an empty field', field('model', '') + END],
  ['an empty field in the query', MODEL + END, `${PATH}?model=`],
])('there is no model: %s', async (_, body, path = PATH) => {
  expect(await read(body, { path })).toBe('no_model')
})

test.each<[what: string, body: string, contentType?: string]>([
  ['another content type', MODEL + END, 'application/x-www-form-urlencoded; boundary=b'],
  ['no boundary', MODEL + END, 'multipart/form-data'],
  ['two boundaries', MODEL + END, 'multipart/form-data; boundary=b; boundary=c'],
  ['a boundary in parts', MODEL + END, 'multipart/form-data; boundary=b; boundary*0=c'],
  ['an empty body', ''],
  ['no end', MODEL],
  ['a part that broke off', MODEL.slice(0, -1)],
  ['something before the first boundary', `x\r\n${MODEL}${END}`],
  ['lines that end with a line feed', (MODEL + END).replaceAll('\r\n', '\n')],
  ['a line feed in a header', MODEL.replace('Content', 'X: y\nContent') + END],
  ['a header of two lines', MODEL.replace('; name', ';\r\n name') + END],
  ['two dispositions', MODEL.replace('Content', 'Content-Disposition: form-data; name="x"\r\nContent') + END],
  ['no disposition', `--b\r\nX: y\r\n\r\nplain\r\n${MODEL}${END}`],
  ['another disposition', MODEL.replace('form-data', 'attachment') + END],
  ['two names', field('x', 'plain', '; name="model"') + END],
  ['an encoded name', field('x', 'plain', "; name*=UTF-8''model") + END],
  ['an escaped name', field('mod\\el', 'plain') + MODEL + END],
  ['a model that is a file', field('model', 'plain', '; filename="a"') + END],
  ['a model that may be a file', field('model', 'plain', '; filename=""') + END],
  [
    'an encoded model',
    MODEL.replace('Content', 'Content-Transfer-Encoding: quoted-printable\r\nContent') + END,
  ],
  ['a model that is too long', field('model', 'x'.repeat(65 * 1024)) + END],
  ['a header that is too long', MODEL.replace('Content', `X: ${'y'.repeat(9_000)}\r\nContent`) + END],
  ['too many parts', field('x', 'y').repeat(1_001) + MODEL + END],
  ['too much that looks like a boundary', `${MODEL.slice(0, -2)}${'\r\n--bx'.repeat(1_001)}\r\n${END}`],
])('a form is unreadable: %s', async (_, body, contentType = TYPE) => {
  expect(await read(body, { contentType })).toBe('unreadable')
})

test('a file of 100 MB is passed over, and others have their turn meanwhile', async () => {
  const [before, after] = [Buffer.from(FILE.slice(0, -2)), Buffer.from(`\r\n${MODEL}${END}`)]
  const body = Buffer.concat([before, Buffer.alloc(100_000_000, '\r\n--'), after])
  let turns = 0
  const timer = setInterval(() => turns++)
  expect(await read(body)).toMatchObject({ model: 'plain' })
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})
