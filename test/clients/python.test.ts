import { afterAll, expect, test } from 'vitest'
import { tryEverything } from './battery.ts'
import { pythonEnvironment } from './python/environment.ts'
import { pythonClient } from './python/process.ts'

const { interpreter, missing } = await pythonEnvironment()
const libraries = interpreter === undefined ? [] : (['ollama', 'openai'] as const)

if (missing !== undefined) console.warn(`The clients in Python are left out: ${missing}`)

test('the clients in Python can be had', ({ skip }) => {
  skip(missing !== undefined, missing)
  expect(interpreter).toBeDefined()
})

for (const library of libraries) {
  const client = pythonClient(`Python ${library}`, interpreter!, `${library}_client`)
  afterAll(() => client.stop())
  tryEverything(client)
}
