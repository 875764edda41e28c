// States worth seeing, as links: each is an address of this page.

import { Panel } from "../shared/panel.tsx";

const IDEAS = [
  {
    query: "?data=xor&layers=",
    name: "No hidden layer",
    text: "The boundary is a straight line, and no line parts XOR. The loss stays near ln 2.",
  },
  {
    query: "?data=xor&layers=4&weights=2",
    name: "Four hidden units",
    text: "Each draws one soft line, and the answer is put together from four of them.",
  },
  {
    query: "?layers=8-8&act=none",
    name: "Two linear layers",
    text: "Lines of lines are lines: without an activation depth adds nothing.",
  },
  {
    query: "?layers=8-8-8&act=sigmoid&opt=sgd&lr=0.3",
    name: "Sigmoids on sigmoids",
    text: "Each layer multiplies the gradient by σ′ ≤ ¼ on its way back. By SGD the first layers hardly move; by Adam they do.",
  },
  {
    query: "?points=30&noise=30&data=moons&layers=32-32",
    name: "Too much net for too few points",
    text: "The training loss goes to zero while that of the test rises: it learns the noise.",
  },
  {
    query: "?opt=sgd&lr=100&l2=10",
    name: "Too large a step",
    text: "The weights grow with every step until they are no numbers any more, and the page says where.",
  },
] as const;

export function Ideas() {
  return (
    <Panel title="Worth trying" class="wide">
      <ul class="ideas">
        {IDEAS.map(({ query, name, text }) => (
          <li key={query}>
            <a href={query}>{name}</a>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
