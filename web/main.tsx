import './style/index.css';
import { render } from 'preact';
import { App } from './ui/app.js';
import { watchTheme } from './ui/parts.js';

watchTheme();
const root = document.getElementById('app');
if (root) render(<App />, root);
