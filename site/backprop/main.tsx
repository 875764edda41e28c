// xent: back-propagation

import "./style.css";
import { mount } from "../shared/mount.tsx";
import { Backprop } from "./page.tsx";

mount(Backprop);
