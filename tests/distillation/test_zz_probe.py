import sys; sys.path.insert(0,"/work/main/tests")
from importlib.util import spec_from_file_location, module_from_spec
import numpy as np, pytest
spec=spec_from_file_location("tf","/work/main/tests/distillation/test_fit.py"); tf=module_from_spec(spec); sys.modules["tf"]=tf; spec.loader.exec_module(tf)
from bias_transfer.students.student import build
train_bow=tf.train_bow; train=tf.train; validation=tf.validation
def test_probe(train_bow, validation, train, tiny_student):
    out=[]
    for kind in ("tiny_encoder","tiny_distilbert"):
        for lr in (1e-3,3e-4,1e-4):
            for ep in (1,3):
                c,f=(train_bow(kind,dtype=n,learning_rate=lr,epochs=ep)[0].predict_proba(validation.texts) for n in ("bfloat16","float32"))
                b=build(tiny_student(kind),train.texts,0).predict_proba(validation.texts)
                out.append((kind,lr,ep,np.abs(c-f).max(),np.abs(f-b).max()))
    for o in out: print(*o)
