import { Component } from 'preact'
import { visible } from '../format/visible.ts'
import './long-text.css'

interface LongTextProps {
  /** From `TextLog`. Each is a node of the document by itself, and only the last one may change. */
  readonly blocks: readonly string[]
  /** What it is, for whoever cannot see it. */
  readonly label: string
}

/** A text of somebody else, of any length. It can do nothing but be shown. */
export const LongText = ({ blocks, label }: LongTextProps) => (
  <div class="long-text" role="group" aria-label={label} tabIndex={0} dir="auto">
    {blocks.map((text, n) => (
      <Block key={n} text={text} />
    ))}
  </div>
)

class Block extends Component<{ readonly text: string }> {
  override shouldComponentUpdate({ text }: { readonly text: string }): boolean {
    return text !== this.props.text
  }

  override render() {
    return <div>{visible(this.props.text)}</div>
  }
}
