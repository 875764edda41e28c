// xent: back-propagation

import { mount } from "../shared/mount.tsx";

mount(() => <p>under way</p>);
