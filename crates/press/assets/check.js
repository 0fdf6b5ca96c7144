const utf=s=>new TextEncoder().encode(s),un=s=>Uint8Array.from(atob(s),c=>c.charCodeAt()),F=Math.floor,
sha=async(...p)=>new Uint8Array(await crypto.subtle.digest("SHA-256",Uint8Array.from(p.flatMap(x=>[...x])))),
hex=b=>[...b].map(x=>x.toString(16).padStart(2,0)).join(""),txt=async s=>hex(await sha(utf(s))),
map=s=>Object.fromEntries(s.split("\n").map(l=>[l.split(" ")[0],l.slice(l.indexOf(" ")+1)]));
const eq=async(p,q)=>await p==q;
async function root(h,i,size,path){
let l=size-1;if(i>l)return;
for(const p of path){if(!l)return;
if(i%2||i==l){h=await sha([1],p,h);while(i%2==0&&i){i/=2;l=F(l/2)}}else h=await sha([1],h,p);
i=F(i/2);l=F(l/2)}
return l?0:hex(h)}
async function signed(note,key){
const cut=note.lastIndexOf("\n\n"),body=note.slice(0,cut+1),[name,id,...r]=key.split("+"),raw=un(r.join("+"));
if(body.split("\n")[0]!=name||raw[0]!=1||hex(await sha(utf(name+"\n"),raw)).slice(0,8)!=id)return;
const k=await crypto.subtle.importKey("raw",raw.slice(1),"Ed25519",false,["verify"]);
for(const l of note.slice(cut+2).split("\n")){const[,n,s]=l.split(" ");if(n!=name)continue;
const b=un(s);if(hex(b.slice(0,4))==id)return crypto.subtle.verify("Ed25519",k,b.slice(4),utf(body))}}
async function check(url,key,doc){
const out=[],say=(ok,y)=>out.push([ok,y]),m=url.match(/^(.*)\/s\/(\w{26})/);if(!m)throw"this is no address of a story";
const get=async u=>{const r=await fetch(u,{cache:"no-store"});return[r.status,await r.text()]},[[st,page],[,proof],w]=await Promise.all([doc?[200]:get(url),get(m[0]+".proof"),key||get(m[1]+"/.well-known/verbatim.json")]),[head,...tail]=proof.split("\n\n"),note=tail.join("\n\n"),H=head.split("\n"),c=note.split("\n");
if(H[0]!="c2sp.org/tlog-proof@v1")throw"there is no proof for it";
key=key||(l=>l.keys?.find(k=>k.startsWith(c[0]+"+"))||l.vkey)(JSON.parse(w[1]).log);
const x=un(H[1].slice(6)),all=new TextDecoder().decode(x),bare=all.startsWith("verbatim-leaf/1"),rest=new TextDecoder().decode(x.slice(33)),e=rest.indexOf("\n\n"),L=bare?all:rest.slice(e+2),D=bare?"":rest.slice(0,e+1),leaf=map(L),d=map(D);
say(leaf.item==m[2],"The proof is about this story");
if(st==200){
const live=doc,v=[...(doc||=new DOMParser().parseFromString(page,"text/html")).querySelectorAll("[data-v]")],lab=[...doc.querySelectorAll("[data-label]")];
say(eq(txt(v.map(e=>e.textContent).join("\n\n")+"\n"),d.copy),"The words are, letter for letter, those that were published");
say(eq(txt("verbatim-roles/1\n"+v.map(e=>e.dataset.v+"\n").join("")),d.roles),"Headline and paragraphs are marked as delivered");
say(!lab[1]&&lab[0]?.dataset.label==leaf.review&&eq(txt(lab[0].textContent),leaf.label),"The label is the one on record");
say(![...v,...lab].some(e=>e.closest("[hidden],[inert],[aria-hidden],template,details:not([open]),[style]")||live&&e.checkVisibility?.({opacityProperty:true,visibilityProperty:true})==0),live?"Nothing hides any of it":"No markup hides any of it");
say(!bare&&eq(sha(utf("verbatim-commit/1\n"),x.slice(0,32),utf(D)).then(hex),leaf.commit),"The proof opens what was sealed")
}else say(st==410&&leaf.commit=="-","The story was taken off, and the log says so");
say(eq(sha([0],utf(L)).then(h=>root(h,+H[2].slice(6),+c[1],H.slice(3).map(un))),hex(un(c[2]))),"It stands in the log");
say(signed(note,key),"The log is signed with the key");
return Promise.all(out.map(async([o,y])=>[await o,y]))}
