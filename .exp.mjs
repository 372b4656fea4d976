import { changeScenes, chipScene, train, writeCountry } from "sigmax";
import { openRaster } from "./dist/raster/reader.js";
import { existsSync, rmSync } from "node:fs";
const [stride="32", chip="64", backbone="rcf", seeds="7201,7202", learnt="7101", sky="clean", size="1536"] = process.argv.slice(2);
const F="/tmp/runs/exp"; const S=+size; const SK = sky==="clean"?{haze:0,shift:0}:{haze:1,shift:1};
const land = async (seed, dates, sk=SK) => { const out=`${F}/${seed}-${sky}-${dates}-${S}`; if(!existsSync(out)) await writeCountry({out,sizePx:S,seed,dates,...sk}); 
  return {scenes:Array.from({length:dates},(_,i)=>`${out}/scene-${i+1}.tif`),classes:Array.from({length:dates},(_,i)=>`${out}/classes-${i+1}.tif`)}; };
const key=`${learnt}-${sky}-${stride}-${chip}-${backbone}-${S}`;
const l=await land(learnt,1);
if(!existsSync(`${F}/run-${key}`)){ const c=await chipScene({scene:l.scenes[0],fromRaster:l.classes[0],sizePx:+chip,stridePx:+stride,out:`${F}/chips-${key}`,force:true});
 console.log("chips",c.chips); const t=Date.now(); const r=await train({data:c.folder,labels:c.largest,backbone,values:"reflectance",out:`${F}/run-${key}`,split:"blocks"}); console.log("trained",(Date.now()-t)/1000,r.test.accuracy); }
const cellsOf=async(path,px)=>{const r=await openRaster(path);const {data,widthPx,heightPx}=await r.read();await r.close();const n=Math.floor(widthPx/px),m=Math.floor(heightPx/px);
 const cls=new Uint8Array(n*m),pure=new Float32Array(n*m);for(let y=0;y<m;y++)for(let x=0;x<n;x++){const c=new Uint32Array(9);for(let j=0;j<px;j++)for(let i=0;i<px;i++)c[data[(y*px+j)*widthPx+x*px+i]]++;let b=1;for(let k=1;k<9;k++)if(c[k]>c[b])b=k;cls[y*n+x]=b;pure[y*n+x]=c[b]/px/px;}return {cls,pure,n,m};};
const tot={};
for(const seed of seeds.split(",")){ const w=await land(seed,4); const cell=+chip;
 const truth=[];for(const c of w.classes)truth.push(await cellsOf(c,cell));
 for (const [nm,idx] of [["T2",[0,1]],["T4",[0,1,2,3]]]){
  const out=`${F}/chg`; rmSync(out,{recursive:true,force:true});
  await changeScenes({classifier:`${F}/run-${key}/classifier.onnx`,scenes:idx.map(i=>w.scenes[i]),out,force:true});
  const B=truth[0],A=truth[idx.at(-1)];
  const rd=async f=>{const r=await openRaster(`${out}/${f}.tif`);const {data,widthPx}=await r.read();await r.close();return (i)=>data[Math.floor(i/B.n)*widthPx+i%B.n];};
  const D=await rd("deforestation"),U=await rd("urbanisation"),W=await rd("when"),C=await rd("change");
  for(let i=0;i<B.cls.length;i++){const b=B.cls[i],a=A.cls[i];const p=B.pure[i]>=.6&&A.pure[i]>=.6;
   for(const [q,t,m] of [["def",b===2&&[3,4,5,7].includes(a),D(i)===1],["urb",b!==7&&a===7,U(i)===1]]) for(const k of [`${nm} ${q} all`,...(p?[`${nm} ${q} pure`]:[])]){tot[k]??={tp:0,t:0,m:0};tot[k].t+=t;tot[k].m+=m;tot[k].tp+=t&&m;}
   if(nm==="T4"){const seq=truth.map(x=>x.cls[i]);const ch=seq.findIndex((v,j)=>j>0&&v!==seq[j-1]);const ln=seq.filter((v,j)=>j>0&&v!==seq[j-1]).length; tot.date??={n:0,ok:0,st:0,fl:0};
    if(ln===0){tot.date.st++;const c=C(i); if(W(i)>0&&W(i)<255)tot.date.fl++;} else if(ln===1){tot.date.n++; if(W(i)===ch+1)tot.date.ok++;}}
  }}}
for(const [k,v] of Object.entries(tot)) console.log(key,k,v.n!==undefined?`date ${(v.ok/v.n).toFixed(3)} of ${v.n}; flicker ${(100*v.fl/v.st).toFixed(2)} %`:`F1 ${(2*v.tp/(v.t+v.m)).toFixed(3)} truth ${v.t} map ${v.m}`);
