"""How the picture looks: on a wide screen, on a phone, in the dark, and on paper."""

STYLE = """
:root{--ink:#1c2126;--soft:#5c6670;--line:#dfe4e8;--page:#fff;--card:#f6f8f9;
--critical:#c62828;--high:#d97706;--low:#2f6fb0;--over:#4d7c5a;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebee;--soft:#9aa5af;--line:#333b42;
--page:#14181b;--card:#1d2226;--critical:#ef5350;--high:#f2a33a;--low:#6aa6e0;
--over:#7fb58d}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.2rem;max-width:70rem;background:var(--page);
color:var(--ink);font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.35rem;margin:0 0 .4rem;overflow-wrap:anywhere}
h2{position:relative;display:table;font-size:.95rem;margin:0 0 .3rem;
padding-right:.5rem;background:var(--page)}
h2 small{font-weight:400;color:var(--soft);margin-left:.6rem}
header p{margin:.1rem 0;color:var(--soft)}
main{margin-top:1.4rem}
.chart{position:relative;padding:2.6rem 0 .4rem}
.grid{position:absolute;inset:0}
.tick{position:absolute;top:1.9rem;bottom:0;border-left:1px solid var(--line)}
.tick span{position:absolute;top:-1.9rem;left:0;font-style:normal;font-size:.8rem;
line-height:1.1;color:var(--soft);white-space:nowrap}
.tick b{display:block;font-weight:400;font-size:.7rem}
section{position:relative;margin:0 0 1.1rem}
.line{position:relative;height:calc(var(--levels)*1.3rem + .5rem);
border-bottom:2px solid var(--soft)}
.mark{--own:var(--low);position:absolute;bottom:calc(var(--level)*1.3rem + .2rem);
min-width:1.15rem;height:1.15rem;padding:0 .1rem;transform:translateX(-50%);
border-radius:.6rem;
background:var(--own);border:2px solid var(--own);color:#fff;font-size:.62rem;
font-weight:600;line-height:.9rem;text-align:center;text-decoration:none}
.mark.critical{--own:var(--critical);border-radius:3px}
.mark.high{--own:var(--high)}
.mark.over{--own:var(--over);background:var(--page);color:var(--over)}
.mark .text{display:none;position:absolute;z-index:9;bottom:1.5rem;width:17rem;
max-width:70vw;padding:.5rem .7rem;border-radius:6px;background:var(--ink);
color:var(--page);font-size:.82rem;font-weight:400;line-height:1.35;text-align:left;
overflow-wrap:anywhere}
.mark .text.left{left:-.4rem}
.mark .text.right{right:-.4rem}
.mark .text.middle{left:50%;transform:translateX(-50%)}
.mark:hover,.mark:focus{z-index:9;outline:2px solid var(--ink);outline-offset:1px}
.mark:hover .text,.mark:focus .text{display:block}
.events{position:relative;height:calc(var(--levels)*1.15rem + .2rem)}
.event{position:absolute;top:calc(var(--level)*1.15rem);height:1.1rem;
border-left:2px solid var(--soft);font-style:normal;font-size:.78rem;
line-height:1.1rem;color:var(--soft);white-space:nowrap}
.event span{position:absolute;left:.3rem}
.event.right span{left:auto;right:.4rem}
.bar{position:relative;height:1.75rem;border-bottom:1px solid var(--line)}
.bar span{position:absolute;z-index:1;left:0;top:0;max-width:100%;overflow:hidden;
text-overflow:ellipsis;white-space:nowrap;font-size:.78rem;line-height:1.1rem;
background:var(--page);padding-right:.4rem}
.bar i{position:absolute;bottom:.15rem;height:.4rem;border-radius:2px;
background:var(--low);print-color-adjust:exact;-webkit-print-color-adjust:exact}
.bar i.critical{background:var(--critical)}
.bar i.high{background:var(--high)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:.2rem 0 1.6rem;
font-size:.8rem;color:var(--soft)}
.legend .mark{position:static;display:inline-block;min-width:.8rem;width:.8rem;
height:.8rem;padding:0;margin:0 .4rem 0 0;transform:none;vertical-align:-.1rem}
.list ol{margin:0;padding:0;list-style:none;counter-reset:sms}
.list li{counter-increment:sms;padding:.5rem .7rem;margin:0 0 .4rem;
background:var(--card);border-left:4px solid var(--low);border-radius:3px;
break-inside:avoid}
.list li::before{content:counter(sms) ". ";color:var(--soft)}
.list li.critical{border-color:var(--critical)}
.list li.high{border-color:var(--high)}
.list li.over{border-color:var(--over)}
.list small{color:var(--soft)}
pre{margin:.2rem 0 0;font:.85rem/1.4 ui-monospace,monospace;white-space:pre-wrap;
overflow-wrap:anywhere}
@media(max-width:36rem){body{padding:.8rem;font-size:14px}
.mark{min-width:.95rem;height:.95rem;font-size:.55rem;line-height:.72rem}}
@media print{body{max-width:none;padding:0;font-size:11px}
.mark,.list li{print-color-adjust:exact;-webkit-print-color-adjust:exact}
:root{--ink:#000;--soft:#444;--line:#ccc;--page:#fff;--card:#fff}}
"""
