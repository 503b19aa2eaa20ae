import type { Look } from '../../../ui/looks.ts'
import { type Block, partsOf } from './blocks.ts'
import { extent, type Scale, xOf } from './scale.ts'
import { blockInWords } from './words.ts'

export const BLOCK_HEIGHT = 28

interface ShapeProps {
  readonly block: Block
  readonly scale: Scale
  readonly lookOf: (model: string) => Look
}

interface BlockBoxProps extends ShapeProps {
  readonly id: string
  readonly isActive: boolean
  readonly onLook: () => void
  readonly onOpen: () => void
}

/** A turn on a lane, or several short ones. */
export const BlockBox = ({ id, isActive, onLook, onOpen, ...shape }: BlockBoxProps) => {
  const { block, scale } = shape
  const { x, width } = extent(block, scale)
  return (
    <g
      id={id}
      role="option"
      aria-selected={isActive}
      aria-label={blockInWords(block)}
      class="block"
      onPointerEnter={onLook}
      onClick={onOpen}
    >
      {block.turns === 1 ? <OneTurn {...shape} /> : <ManyTurns {...shape} />}
      {isActive && (
        <rect class="ring" x={x - 1.5} y="-1.5" width={width + 3} height={BLOCK_HEIGHT + 3} rx="4" />
      )}
    </g>
  )
}

const CHARACTER_WIDTH = 6.6

/** Its model, and at its front the load. */
const OneTurn = ({ block, scale, lookOf }: ShapeProps) => {
  const { x, width } = extent(block, scale)
  const [model = '?'] = block.models
  const { letter, look } = lookOf(model)
  const notch = block.loadedAt === undefined ? 0 : Math.min(width, xOf(block.loadedAt, scale) - x)
  const words = [model, letter].find(each => each.length * CHARACTER_WIDTH + 8 <= width - notch)
  const box = { x, height: BLOCK_HEIGHT, rx: Math.min(3, width / 3) }
  return (
    <>
      <rect class={`model ${look}`} width={width} {...box} />
      {notch > 0.5 && <rect fill="url(#load)" width={notch} {...box} />}
      {words !== undefined && (
        <text
          class="block-name"
          aria-hidden="true"
          x={x + notch + (width - notch) / 2}
          y={BLOCK_HEIGHT / 2 + 4}
        >
          {words}
        </text>
      )}
    </>
  )
}

/** How much of the time each model had, one above the other, and hatched from below how much of it was loading. */
const ManyTurns = ({ block, scale, lookOf }: ShapeProps) => {
  const { x, width } = extent(block, scale)
  const heightOf = (ms: number) => Math.min(1, ms / Math.max(1, block.until - block.from)) * BLOCK_HEIGHT
  const parts = partsOf(block).map(({ model, ms }) => ({ ...lookOf(model), height: heightOf(ms) }))
  const loading = heightOf(block.loadMs)
  let y = BLOCK_HEIGHT
  return (
    <>
      {parts
        .toSorted((a, b) => (a.letter < b.letter ? -1 : 1))
        .map(({ letter, look, height }) => {
          y -= height
          return <rect key={letter} class={`part ${look}`} x={x} y={y} width={width} height={height} />
        })}
      <rect fill="url(#load)" x={x} y={BLOCK_HEIGHT - loading} width={width} height={loading} />
    </>
  )
}
