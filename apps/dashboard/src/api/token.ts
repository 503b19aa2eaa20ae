const KEY = 'foreman-token'

/** The parts of the browser's storage that are used. */
type Keep = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** Where the token is kept: as long as the tab is open, or on the device. Never in a cookie, which other pages could ride on. */
export class TokenKeeper {
  readonly #tab: Keep
  readonly #device: Keep

  constructor(tab: Keep, device: Keep) {
    this.#tab = tab
    this.#device = device
  }

  get(): string | undefined {
    return this.#tab.getItem(KEY) ?? this.#device.getItem(KEY) ?? undefined
  }

  keep(token: string, { onDevice }: { readonly onDevice: boolean }): void {
    this.forget()
    ;(onDevice ? this.#device : this.#tab).setItem(KEY, token)
  }

  forget(): void {
    this.#tab.removeItem(KEY)
    this.#device.removeItem(KEY)
  }
}
