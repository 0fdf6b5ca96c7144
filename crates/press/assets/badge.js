{const b=document.getElementById("badge"),say=(k,t)=>{b.className="badge "+k;b.textContent=t+" ";const a=document.createElement("a");a.href=b.dataset.verify;a.textContent="Check it from elsewhere.";b.append(a)},t=performance.now();
if(b)check(location.href,"",document).then(s=>{const no=s.filter(x=>!x[0]);b.dataset.ms=performance.now()-t;
no[0]?say("broken","✗ NOT as it was logged. Not so: "+no.map(x=>x[1]).join("; ")+"."):say("held","✓ Your browser compared these words, their order and the label with this site’s signed log: they are the same. A page that checks itself shows that the site agrees with itself, not that it is honest.")},
x=>say("","Your browser could not check this page: "+(x.message||x)+"."))}
