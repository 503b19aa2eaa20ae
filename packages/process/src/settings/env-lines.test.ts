import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { readEnvLines } from './env-lines.ts'
import { SettingError } from './errors.ts'

const read = (text: string) => readEnvLines('.env', text)

test.each([
  ['', {}],
  ['# only a comment', {}],
  ['A=b\nC=d', { A: 'b', C: 'd' }],
  ['A=b\r\nC=d\r\n', { A: 'b', C: 'd' }],
  ['  export  A = b # c', { A: 'b' }],
  ['A=', { A: '' }],
  ['A= # c', { A: '' }],
  ['A="b # c" # d', { A: 'b # c' }],
  ["A=`b`\nB='c'", { A: 'b', B: 'c' }],
  ['A="b\nc"\nD=e', { A: 'b\nc', D: 'e' }],
  ['A="b\\nc"', { A: 'b\nc' }],
  ["A='b\\nc'", { A: 'b\\nc' }],
  ['A=b"c=d', { A: 'b"c=d' }],
  ['A=b\nA=c', { A: 'c' }],
])('%j is read as Node reads it', (text, variables) => {
  expect(read(text)).toEqual(variables)
  expect({ ...parseEnv(text) }).toEqual(variables)
})

test('a blank behind the equals sign does not make the next line the value', () => {
  expect(read('A= \nB=c')).toEqual({ A: '', B: 'c' })
})

test.each<[text: string, line: number, why: RegExp]>([
  ['A=1\nA hush', 2, /must be NAME=value, a comment or blank$/],
  ['A: hush', 1, /must be NAME=value/],
  ['export A', 1, /must be NAME=value/],
  ['set A=hush', 1, /must be NAME=value/],
  ['$env:A="hush"', 1, /must be NAME=value/],
  ['\u00a0A=hush', 1, /must be NAME=value/],
  ['=hush', 1, /must be NAME=value/],
  ['A=1\rB=hush', 1, /carriage return/],
  ['A=hush#1', 1, /value that contains # must be in quotes$/],
  ['A=#hush', 1, /value that contains # must be in quotes$/],
  ['B="x\ny"\nA=#hush', 3, /must be in quotes$/],
  ['A="hush', 1, /the " that begins the value has no counterpart$/],
  ["A=1\nB='hush\nC=3", 2, /the ' that begins the value has no counterpart$/],
  ['A="hush"hush', 1, /only a comment may follow the closing "$/],
])('%j is refused in one line, which names the line and not the text', (text, line, why) => {
  expect(() => read(text)).toThrow(SettingError)
  expect(() => read(text)).toThrow(why)
  expect(() => read(text)).toThrow(new RegExp(`^\\.env, line ${line}: `))
  expect(() => read(text)).not.toThrow(/hush|\n/)
})
