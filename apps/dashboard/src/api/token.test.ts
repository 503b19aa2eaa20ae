import { expect, test } from 'vitest'
import { TokenKeeper } from './token.ts'

const storage = () => {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
}

test('a token is kept for the tab, or on the device if that is wanted, and in one place only', () => {
  const [tab, device] = [storage(), storage()]
  const keeper = new TokenKeeper(tab, device)
  expect(keeper.get()).toBeUndefined()
  keeper.keep('hush', { onDevice: false })
  expect([keeper.get(), tab.kept.size, device.kept.size]).toEqual(['hush', 1, 0])
  keeper.keep('other', { onDevice: true })
  expect([keeper.get(), tab.kept.size, device.kept.size]).toEqual(['other', 0, 1])
  keeper.forget()
  expect(keeper.get()).toBeUndefined()
})
