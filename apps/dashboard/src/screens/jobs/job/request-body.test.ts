import { expect, test } from 'vitest'
import { prettyJson, saidIn } from './request-body.ts'

const PNG = 'iVBORw0KGgoAAAA='

const short = (request: unknown): string[] =>
  saidIn(request).map(
    ({ role, text, images }) => `${role}: ${text}${images.length > 0 ? ` +${images.length}` : ''}`,
  )

test.each([
  [{ prompt: 'Hi', system: 'Be kind', images: [PNG] }, ['system: Be kind', 'prompt: Hi +1']],
  [
    {
      messages: [
        { role: 'user', content: 'Hi', images: [PNG, PNG] },
        { role: 'assistant', content: 'Yes' },
      ],
    },
    ['user: Hi +2', 'assistant: Yes'],
  ],
  [
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
          ],
        },
      ],
    },
    ['user: Look +1'],
  ],
  [
    {
      system: [{ type: 'text', text: 'Be kind' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', data: PNG } },
            { type: 'tool_result', content: [{ type: 'text', text: '42' }] },
          ],
        },
      ],
    },
    ['system: Be kind', 'user: 42 +1'],
  ],
  [{ instructions: 'Be kind', input: 'Hi' }, ['system: Be kind', 'user: Hi']],
  [{ input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }] }, ['user: Hi']],
  [
    { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'look' } }] }] },
    ['assistant, calls of tools: [\n  {\n    "function": {\n      "name": "look"\n    }\n  }\n]'],
  ],
  [{ messages: 'x', prompt: 3, input: [1, null] }, []],
  [null, []],
])('what is said in %j', (request, said) => {
  expect(short(request)).toEqual(said)
})

test.each([
  [PNG, `data:image/png;base64,${PNG}`],
  [`data:text/html;base64,${PNG}`, `data:image/png;base64,${PNG}`],
  ['data:image/svg+xml;base64,PHN2Zz4=', undefined],
  ['/9j/"onerror="alert(1)', undefined],
  ['https://example.org/x.png', undefined],
])('the picture %s is shown from %s', (image, url) => {
  expect(saidIn({ prompt: 'Hi', images: [image] })[0]?.images[0]?.url).toBe(url)
})

test('JSON is indented, and long data is told by its length', () => {
  expect(prettyJson({ model: 'alpha', images: ['A'.repeat(3_000)] })).toBe(
    `{\n  "model": "alpha",\n  "images": [\n    "${'A'.repeat(40)}… (3000 characters)"\n  ]\n}`,
  )
})
