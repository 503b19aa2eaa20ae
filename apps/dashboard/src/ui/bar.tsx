interface Part {
  readonly name: string
  readonly value: number
  /** The class that colours it. */
  readonly look: string
}

interface BarProps {
  readonly parts: readonly Part[]
  /** What the whole length stands for. Bars beside each other have the same. */
  readonly whole: number
  /** What it shows, in words. */
  readonly label: string
}

const WIDTH = 100
/** Parts beside each other can be told apart without their colours. */
const GAP = 0.8

/** Parts of a whole, one behind the other. What is more than nothing can be seen. */
export const Bar = ({ parts, whole, label }: BarProps) => {
  let x = 0
  return (
    <svg class="bar" viewBox={`0 0 ${WIDTH} 8`} preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="track" width={WIDTH} height="8" />
      {parts
        .filter(({ value }) => value > 0)
        .map(({ name, value, look }) => {
          const width = Math.max(1, (value / Math.max(whole, 1e-9)) * WIDTH)
          const from = x
          x += width
          return <rect key={name} class={look} x={from} width={Math.max(0.5, width - GAP)} height="8" />
        })}
    </svg>
  )
}
