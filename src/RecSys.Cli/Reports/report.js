'use strict';
// Points are found by distance, so that small markers can be hit with a finger; a chosen method stands out in all plots.
(() => {
  const REACH = 28;
  const tip = document.getElementById('tip');
  const figures = [...document.querySelectorAll('figure')];
  const picked = new Set();
  let current = null;

  const paint = (figure, extra) => {
    figure.classList.toggle('picked', picked.size > 0 || extra !== undefined);
    for (const group of figure.querySelectorAll('.s')) group.classList.toggle('on', picked.has(group.dataset.s) || group.dataset.s === extra);
  };

  const hide = () => {
    if (!current) return;
    current.classList.remove('at');
    paint(current.closest('figure'));
    current = null;
    tip.hidden = true;
  };

  const show = (point, note) => {
    if (point === current) return;
    hide();
    current = point;
    point.classList.add('at');
    paint(point.closest('figure'), point.parentNode.dataset.s);
    tip.textContent = note.split(' · ').join('\n');
    tip.hidden = false;
    const box = point.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.x + box.width / 2 - tip.offsetWidth / 2), document.documentElement.clientWidth - tip.offsetWidth - 8);
    const above = box.y - tip.offsetHeight - 10;
    tip.style.transform = `translate(${left}px, ${above > 4 ? above : box.bottom + 10}px)`;
  };

  for (const figure of figures) {
    const notes = figure.dataset.notes.split('\n');
    for (const svg of figure.querySelectorAll(':scope > svg')) {
      const points = [...svg.querySelectorAll('.s use')];
      const nearest = event => {
        const scale = svg.getScreenCTM();
        let best = -1, least = REACH;
        points.forEach((point, index) => {
          if (picked.size > 0 ? !picked.has(point.parentNode.dataset.s) : false) return;
          const away = Math.hypot(point.x.baseVal.value * scale.a + scale.e - event.clientX, point.y.baseVal.value * scale.d + scale.f - event.clientY);
          if (least > away) [best, least] = [index, away];
        });
        if (best === -1) hide(); else show(points[best], notes[best]);
      };
      svg.addEventListener('pointermove', nearest);
      svg.addEventListener('pointerdown', nearest);
      svg.addEventListener('pointerleave', event => { if (event.pointerType === 'mouse') hide(); });
      // One stop of the tab key for a plot; the arrow keys go from point to point.
      points.forEach((point, index) => {
        point.setAttribute('tabindex', index === 0 ? '0' : '-1');
        point.setAttribute('role', 'img');
        point.setAttribute('aria-label', notes[index]);
        point.addEventListener('focus', () => show(point, notes[index]));
        point.addEventListener('blur', hide);
        point.addEventListener('keydown', event => {
          const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          points[(index + step + points.length) % points.length].focus();
        });
      });
    }
  }

  for (const button of document.querySelectorAll('.legend button')) {
    const method = button.dataset.s;
    const figure = button.closest('figure');
    button.addEventListener('pointerenter', event => { if (event.pointerType === 'mouse') paint(figure, method); });
    button.addEventListener('pointerleave', () => paint(figure));
    button.addEventListener('click', () => {
      if (!picked.delete(method)) picked.add(method);
      for (const other of document.querySelectorAll(`.legend [data-s="${method}"]`)) other.setAttribute('aria-pressed', picked.has(method));
      for (const each of figures) paint(each);
    });
  }

  addEventListener('scroll', hide, { passive: true });
  addEventListener('keydown', event => { if (event.key === 'Escape') hide(); });
  // A link to what is closed opens it.
  const open = () => { const place = document.getElementById(decodeURIComponent(location.hash.slice(1))); if (place instanceof HTMLDetailsElement) place.open = true; };
  addEventListener('hashchange', open);
  open();
})();
