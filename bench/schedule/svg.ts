export const escaped = (content: string): string =>
  content.replace(/[&<>]/g, char => `&#${char.charCodeAt(0)};`)

export const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="#222222"${more && ` ${more}`}>${escaped(content)}</text>`
